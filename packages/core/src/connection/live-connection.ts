import {
  type Bytes,
  type Codec,
  type CodecFactory,
  type Farewell,
  Framed,
  type FramedPhase,
  type FramedSink,
  type PhaseLimits,
  ProtocolError,
} from "@sock/codec";
import type { Deadline } from "@sock/timer";
import { diagnostics } from "../diagnostics.ts";
import { SockError } from "../errors.ts";
import { Prepared } from "../prepared.ts";
import type { Stats } from "../stats.ts";
import type { Transport, TransportHandler } from "../transport/transport.ts";
import type { CloseDetails, Connection, PipeOptions, SendResult } from "./connection.ts";
import type { DrainReason } from "./drain-reason.ts";
import type { Handlers } from "./handlers.ts";
import { Heartbeat, type HeartbeatOwner } from "./heartbeat.ts";
import { Mailbox, type Taker } from "./messages.ts";
import type { ConnectionSettings } from "./options.ts";
import { RawBytes } from "./outbox.ts";
import { PhaseDeadline, type PhaseOwner } from "./phase-deadline.ts";
import { type Inlet, Pipe, type PipeDestination } from "./pipe.ts";
import { isPromise } from "./promise.ts";
import { type PauseReason, RecvGate } from "./recv-gate.ts";
import { Sender, type SenderOwner } from "./sender.ts";
import { LIFE, type LifeEvent, type LifeState } from "./state.ts";
import { Taking } from "./taking.ts";
import { Through, type ThroughDestination, type ThroughSource } from "./through.ts";
import { Waiters } from "./waiters.ts";

/** Read on up to here while messages are held back, so that a peer's end or reset is noticed. */
const READ_AHEAD = 64 * 1024;

const CLOSE: Farewell = { why: "close" };

let lastId = 0;

interface Draining {
  /** What the peer is told, if it leaves then. */
  why: DrainReason;
  /** Something was sent since it began, and since the peer was last heard to begin a message. */
  hasAnswered: boolean;
  /** It was to say goodbye while a message was being handled. */
  partsWhenIdle: boolean;
}

/** Joins a transport, a framed and a sender, and keeps their life. */
export class LiveConnection<In, Out, Note, Context>
  extends Taking<In, Out, Note, Context>
  implements
    Connection<In, Out, Note, Context>,
    FramedSink<In, Note>,
    SenderOwner<Out>,
    TransportHandler,
    HeartbeatOwner,
    PhaseOwner,
    ThroughSource<In>,
    ThroughDestination<Out>
{
  readonly id = ++lastId;
  state: LifeState = "opening";
  /** In its server's roster. */
  place = -1;
  bytesRead = 0;

  readonly #left: (connection: this) => void;
  readonly #framed: Framed<In, Out, Note>;
  readonly #sender: Sender<Out>;
  #gate = RecvGate.OPEN;
  #context: Context | undefined;
  /** Pipes that end here. */
  #inlets: Set<Inlet> | undefined;

  #heartbeat: Heartbeat | undefined;
  #wasOpened = false;
  #isReading = true;
  /** The user, an error or a codec wants this to be over: nothing is delivered any more, and a deadline runs. */
  #leaving: Farewell | undefined;
  #saidGoodbye = false;
  /** `"arrived"`: the transport has told of it, and messages may still wait before it. `"reached"`: in order. */
  #peerEnd: "none" | "arrived" | "reached" = "none";
  /** As it may in its farewell to a frame that is too large, which is still to be told. */
  #hasCodecEnded = false;
  #isTransportGone = false;
  #draining: Draining | undefined;
  #closeDeadline: Deadline | undefined;
  #phase: PhaseDeadline | undefined;
  /** How many of them there have been. */
  #phaseDeadlines = 0;
  #openWaiters: Waiters | undefined;
  #goneWaiters: Waiters | undefined;

  /**
   * @param left called when all is over, after `onClose`
   * @throws what the codec's factory throws; the transport is destroyed then
   */
  constructor(
    transport: Transport,
    settings: ConnectionSettings<In, Out, Note, Context>,
    stats: Stats,
    left: (connection: LiveConnection<In, Out, Note, Context>) => void,
  ) {
    super(transport, settings, stats);
    this.#left = left;
    this.#sender = new Sender(transport, settings, stats, this);
    try {
      this.#framed = new Framed(settings.codec, this, { maxPackageSize: settings.maxPackageSize });
    } catch (error) {
      transport.destroy();
      throw error;
    }
    this.#sender.opening();
  }

  /** The transport is open: events may come. */
  start(): void {
    this.stats.connections++;
    this.stats.opened++;
    this.wire.start(this);
    const { heartbeat, loop } = this.settings;
    if (heartbeat !== undefined) this.#heartbeat = new Heartbeat(heartbeat, loop, this);
    this.#sender.cork();
    this.#framed.start();
    this.#sender.uncork();
  }

  // What the user asks

  get context(): Context {
    this.#context ??= this.settings.context?.() ?? ({} as Context);
    return this.#context;
  }

  set context(context: Context) {
    this.#context = context;
  }

  get bytesWritten(): number {
    return this.#sender.bytesWritten;
  }

  get sendBufferSize(): number {
    return this.#sender.waiting;
  }

  get recvBufferSize(): number {
    return this.#framed.unread;
  }

  get bytesDecoded(): number {
    // The codec's factory may ask, before there is anything that decodes.
    return this.bytesRead === 0 ? 0 : this.bytesRead - this.#framed.unread;
  }

  get dropped(): number {
    return this.#sender.dropped;
  }

  /** The first thing that went wrong. */
  get failure(): unknown {
    return this.error;
  }

  get roundTripTime(): number | undefined {
    return this.#heartbeat?.roundTripTime;
  }

  get maxSendBufferSize(): number {
    return this.#sender.gate.limit;
  }

  set maxSendBufferSize(bytes: number) {
    this.#sender.gate.limit = bytes;
  }

  get maxPackageSize(): number {
    return this.#framed.maxPackageSize;
  }

  set maxPackageSize(bytes: number) {
    this.#framed.maxPackageSize = bytes;
  }

  send(message: Out | Prepared<Out>): SendResult {
    if (!this.isWritable) return "closed";
    const result = this.#sender.send(message);
    if (result === "sent" || result === "buffered") this.stats.messagesSent++;
    if (this.#draining !== undefined) this.#answered(this.#draining);
    return result;
  }

  async sent(message: Out | Prepared<Out>, signal?: AbortSignal): Promise<void> {
    if (!this.isWritable) throw connectionClosed();
    signal?.throwIfAborted();
    await this.#sender.sent(message, signal);
    if (this.#draining !== undefined) this.#answered(this.#draining);
  }

  sendUrgent(message: Out): SendResult {
    if (!this.isWritable) return "closed";
    const result = this.#sender.send(message, true);
    this.stats.messagesSent++;
    return result;
  }

  sendRaw(bytes: Bytes): SendResult {
    if (!this.isWritable) return "closed";
    if (this.#draining !== undefined) this.#answered(this.#draining);
    return this.#sender.send(new RawBytes(bytes));
  }

  close(message?: Out, details: CloseDetails = {}): void {
    if (message !== undefined) this.sendUrgent(message);
    this.#leave({ why: "close", ...details });
  }

  /** Closes with the goodbye of a server that stops. */
  stop(): void {
    this.#leave({ why: "stop" });
  }

  /**
   * Lets the peer finish, as its protocol allows. A goodbye that ends the connection comes behind the answer to what is being
   * handled. Without a goodbye in it the peer cannot be told: the end comes behind the next answer, when nothing that the
   * peer has said waits for another.
   */
  drain(why: DrainReason = "drain"): void {
    this.#draining ??= { why, hasAnswered: false, partsWhenIdle: false };
    this.#draining.why = why;
    const { farewell, lossless } = this.#framed.codec;
    if (farewell === undefined || this.state !== "open") return;
    // `"stop"` would be the end of it, without the answers that it waits for.
    if (lossless) this.#framed.farewell({ why: "drain" });
    else if (this.#framed.isHandling) this.#draining.partsWhenIdle = true;
    else this.#leave({ why });
  }

  get protocol(): string {
    return this.#framed.codec.name ?? "";
  }

  /** Whether `drain` is the end: the peer is told, and comes back elsewhere at once. */
  get leavesWhenDrained(): boolean {
    const { farewell, lossless } = this.#framed.codec;
    return farewell !== undefined && !lossless;
  }

  closeWrite(message?: Out): void {
    if (message !== undefined) this.sendUrgent(message);
    this.#stopWriting();
    this.#tellInlets((pipe) => pipe.destinationClosed());
  }

  destroy(error?: Error): void {
    this.#cut(error !== undefined || this.#sender.isMidway, error);
  }

  pauseRecv(): void {
    this.pauseFor("user");
  }

  resumeRecv(): void {
    this.resumeFor("user");
  }

  pipe<T extends object>(destination: T, { through }: Partial<PipeOptions<In, unknown>> = {}): T {
    if (!("attachPipe" in destination)) throw new TypeError("messages are piped to a connection");
    const pipe =
      through === undefined
        ? new Pipe<In>(this, destination as unknown as PipeDestination<In>)
        : new Through(this, destination as unknown as ThroughDestination<unknown>, through);
    this.take(pipe);
    if (this.state !== "closed") pipe.begin();
    return destination;
  }

  upgrade<NextIn, NextOut, NextNote>(
    codec: CodecFactory<NextIn, NextOut, NextNote>,
    handlers: Handlers<NextIn, NextOut, NextNote, Context> = {},
  ): Connection<NextIn, NextOut, NextNote, Context> {
    // From here on this connection has other types, which its caller knows by the value returned.
    this.replaceHandlers(
      handlers as Handlers<never, never, never, Context> as Handlers<In, Out, Note, Context>,
    );
    this.#framed.upgrade(codec as CodecFactory<unknown, never, never>);
    if (this.#framed.codec.opening) this.#sender.opening();
    else if (this.#draining !== undefined) this.#drainUpgraded(this.#draining);
    return this as unknown as Connection<NextIn, NextOut, NextNote, Context>;
  }

  /** The next codec has not heard of it. What whoever upgrades sends at once goes out before its goodbye. */
  #drainUpgraded(draining: Draining): void {
    if (!this.leavesWhenDrained) return this.drain(draining.why);
    draining.partsWhenIdle = true;
    this.settings.loop.defer(endIfAnswered, this);
  }

  drained(signal?: AbortSignal): Promise<void> {
    if (this.state === "closed") return Promise.reject(connectionClosed());
    if (signal?.aborted) return Promise.reject(signal.reason);
    return this.#sender.drained(signal);
  }

  [Symbol.asyncIterator](): AsyncGenerator<In, void, void> {
    const mailbox = new Mailbox<In>();
    return mailbox.messages(
      () => this.take(mailbox),
      () => this.release(mailbox),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.whenGone();
  }

  /** Resolves when messages may be sent; rejects with what prevented it. */
  whenOpen(signal: AbortSignal | undefined): Promise<void> {
    if (this.#wasOpened) return Promise.resolve();
    if (this.state === "closed") return Promise.reject(this.error ?? connectionClosed());
    this.#openWaiters ??= new Waiters();
    return this.#openWaiters.wait(signal);
  }

  /** Resolves when the connection is closed. */
  whenGone(): Promise<void> {
    if (this.state === "closed") return Promise.resolve();
    this.#goneWaiters ??= new Waiters();
    return this.#goneWaiters.wait(undefined);
  }

  // What the transport tells

  received(chunk: Buffer): void {
    this.bytesRead += chunk.length;
    this.stats.bytesRead += chunk.length;
    this.#heartbeat?.alive();
    this.#sender.cork();
    this.#framed.receive(chunk);
    this.#sender.uncork();
  }

  flushed(): void {
    this.#heartbeat?.alive();
    this.#sender.flushed();
    if (this.state === "ending") this.#linger();
  }

  peerEnded(): void {
    if (this.#peerEnd === "none") this.#peerEnd = "arrived";
    if (this.isUnattended) this.#closeWithin(this.settings.closeTimeout);
    this.#framed.finish();
  }

  gone(error?: Error): void {
    this.#isTransportGone = true;
    // What came before the peer's end may still wait to be taken.
    if (error !== undefined || this.#isLeaving || this.#peerEnd === "reached") this.#over(error);
  }

  // What the framed gives

  message(message: In): unknown {
    this.stats.messagesReceived++;
    if (diagnostics.message.hasSubscribers) diagnostics.message.publish({ connection: this, message });
    const handling = this.deliver(message);
    if (!isPromise(handling)) return handling;
    // The framed would not hear of it any more when the connection has gone meanwhile.
    return handling.then(undefined, (error: unknown) => this.fault(error, "onMessage"));
  }

  write(encoded: Bytes | AsyncIterable<Bytes>): void {
    this.#sender.write(encoded);
  }

  reply(bytes: Bytes): void {
    if (this.state === "ending" || this.state === "closed") return;
    if (this.#sender.reply(bytes)) this.pauseFor("full");
  }

  note(note: Note): void {
    this.tellNote(note);
  }

  opened(): void {
    // Too late: our side has ended already.
    if (this.state === "ending") return;
    this.#move("opened");
    this.#sender.opened();
    if (!this.#wasOpened) {
      this.#wasOpened = true;
      if (diagnostics.open.hasSubscribers) diagnostics.open.publish({ connection: this });
    }
    const { owner } = this.settings;
    owner?.opened(this);
    this.tell("onConnect");
    owner?.announced(this);
    this.#openWaiters?.resolve();
    // It was still shaking hands when the draining began.
    if (this.#draining !== undefined) this.drain(this.#draining.why);
  }

  ended(staysWritable: boolean): void {
    this.#peerEnd = "reached";
    // It has not shaken hands, or not answered our goodbye, and will not.
    if (!staysWritable && this.#framed.codec.opening) {
      this.#sender.abandon();
      this.#proceed();
    }
    if (this.#isLeaving) {
      if (!staysWritable) this.#proceed();
      return;
    }
    this.taker?.ended();
    if (!staysWritable && !this.taker?.endsItself) {
      if (!this.settings.allowHalfOpen) this.close();
      else this.tell("onEnd");
    }
    if (this.#isTransportGone) this.#over();
  }

  end(): void {
    this.#saidGoodbye = true;
    this.#hasCodecEnded = !this.#isLeaving;
    if (this.state === "closing") this.#proceed();
    else this.#leave(CLOSE);
  }

  idle(): void {
    this.#regulate();
    const draining = this.#draining;
    if (draining?.hasAnswered || draining?.partsWhenIdle) this.settings.loop.defer(endIfAnswered, this);
  }

  phase(name: string, limits: PhaseLimits): void {
    if (limits.within === undefined) return this.#liftPhase();
    if (this.#phase === undefined) {
      this.#phase = new PhaseDeadline(this.settings.loop, this);
      this.#phaseDeadlines++;
    }
    this.#phase.begin(name, limits);
  }

  /** Most have one for their handshake, and none for the rest of their lives. Whoever comes back for another keeps it. */
  #liftPhase(): void {
    this.#phase?.lift();
    if (this.#phaseDeadlines !== 1) return;
    this.#phase?.stop();
    this.#phase = undefined;
  }

  now(): number {
    return this.settings.loop.now();
  }

  failed(error: unknown, phase: FramedPhase): void {
    if (phase === "message") {
      this.fault(error, "onMessage");
    } else if (!ProtocolError.is(error)) {
      this.report(error, phase);
      this.#cut(true);
    } else if (this.#isLeaving && !(this.#hasCodecEnded && error.code === "FRAME_TOO_LARGE")) {
      // The peer will say nothing more that matters, and a handshake that failed lets nothing out.
      if (this.#framed.codec.opening) this.#sender.abandon();
      this.end();
    } else {
      this.#sender.abandon();
      if (error.farewell !== undefined) this.#sender.write(error.farewell);
      this.#saidGoodbye = true;
      this.report(error, phase);
      this.#leave(CLOSE);
      // What it was closing behind already was abandoned.
      this.#proceed();
    }
  }

  // What the sender tells

  encode(message: Out | Prepared<Out>): void {
    if (!(message instanceof Prepared)) return this.#framed.send(message);
    const { codec } = this.#framed;
    if (codec.alike === undefined) this.#framed.send(message.message);
    else this.#sender.write(message.encodedBy(codec as Codec<never, Out>));
  }

  get isLossless(): boolean {
    return this.#framed.codec.lossless === true;
  }

  get isFull(): boolean {
    return this.#sender.gate.isFull;
  }

  bufferFull(): void {
    if (this.isLossless) this.pauseFor("full");
    this.tell("onBufferFull");
  }

  bufferDrained(): void {
    this.tell("onBufferDrain");
    // Whoever hears of room may fill it again, and will hear of it again then.
    if (!this.isFull) this.resumeFor("full");
    if (!this.isFull) this.#tellInlets((pipe) => pipe.drained());
  }

  messageDropped(message: unknown, waiting: number): void {
    this.stats.dropped++;
    if (diagnostics.drop.hasSubscribers) diagnostics.drop.publish({ connection: this, message });
    // A crowd of peers that do not read has thousands of messages dropped a second: 12 % of the time went into errors for nobody.
    if (!this.hearsErrors) return;
    const sentence = `a message was dropped: ${waiting} bytes wait, and ${this.maxSendBufferSize} may`;
    this.tellError(new SockError("SEND_BUFFER_FULL", sentence), "send");
  }

  encodeFailed(error: unknown): void {
    this.report(error, "encode");
  }

  streamFailed(error: unknown): void {
    this.report(error, "stream");
    this.#cut(true);
  }

  slowConsumer(error: SockError): void {
    this.stats.slowConsumers++;
    this.ranOut("full", error);
    this.#cut(true);
  }

  writeStalled(taken: number): void {
    const { waiting } = this.#sender;
    const sentence = `the peer took ${taken} bytes in ${this.settings.writeTimeout} ms, and ${waiting} wait`;
    this.ranOut("write", new SockError("WRITE_TIMEOUT", sentence));
    this.#cut(true);
  }

  allEncoded(): void {
    this.#proceed();
  }

  // What the phases tell

  get isPaused(): boolean {
    return !this.#isLeaving && !this.#gate.isOpen;
  }

  phaseOver(name: string, isQuiet: boolean): void {
    if (this.#isLeaving) return this.#tooLate();
    const sentence = `the peer was too slow in phase ${name}`;
    this.ranOut(name, isQuiet ? undefined : new SockError("PHASE_TIMEOUT", sentence));
    this.#leave({ why: "deadline", phase: name });
  }

  phasesOver(): void {
    this.#phase = undefined;
  }

  // What the heartbeat wants

  ping(): void {
    const ping = this.#framed.codec.ping?.();
    // Behind what a peer does not take, a ping tells nothing.
    if (ping !== undefined && this.state === "open" && this.#sender.waiting === 0) this.reply(ping);
  }

  silent(ms: number): void {
    this.ranOut("idle", new SockError("IDLE_TIMEOUT", `nothing came from the peer for ${ms} ms`));
    this.#leave({ why: "deadline", phase: "idle" });
  }

  // Pipes

  get isPipedTo(): boolean {
    return this.#inlets !== undefined && this.#inlets.size > 0;
  }

  get isBytes(): boolean {
    return this.#framed.codec.alike === "raw";
  }

  get isRaw(): boolean {
    return this.isBytes && !diagnostics.message.hasSubscribers;
  }

  reset(): void {
    this.#cut(true);
  }

  pipeFailed(error: unknown): void {
    this.fault(error, "pipe");
  }

  attachPipe(pipe: Inlet): void {
    this.#inlets ??= new Set();
    this.#inlets.add(pipe);
  }

  detachPipe(pipe: Inlet): void {
    this.#inlets?.delete(pipe);
  }

  pauseFor(reason: PauseReason): void {
    if (this.#gate.isOpen) this.#framed.pause();
    this.#gate = this.#gate.closed(reason);
    this.#regulate();
  }

  resumeFor(reason: PauseReason): void {
    const wasOpen = this.#gate.isOpen;
    this.#gate = this.#gate.opened(reason);
    if (!wasOpen && this.#gate.isOpen) {
      this.#phase?.renew();
      this.#framed.resume();
    }
    this.#regulate();
  }

  // Receiving

  take(taker: Taker<In>): void {
    this.takeBy(taker);
    if (this.state === "closed") taker.closed(this.error);
    // Not at once: a pipe the other way may be made in the next line.
    else if (this.#peerEnd === "reached") this.settings.loop.defer(() => taker.ended(), undefined);
  }

  protected unattended(): void {
    if (this.#peerEnd !== "none") this.#closeWithin(this.settings.closeTimeout);
  }

  protected attended(): boolean {
    // What comes after a close is not delivered.
    if (this.#isLeaving) return false;
    this.#closeDeadline?.disarm();
    return true;
  }

  /** Reads from the transport, or lets the kernel make the peer wait. */
  #regulate(): void {
    const isEnough = this.#framed.isBlocked && this.#framed.unread >= READ_AHEAD;
    const reads = !isEnough && (this.#isLeaving || this.#gate.isOpen);
    if (reads === this.#isReading) return;
    this.#isReading = reads;
    if (reads) this.wire.resume();
    else this.wire.pause();
  }

  // Leaving

  get isWritable(): boolean {
    return (this.state === "open" || this.state === "opening") && !this.#framed.codec.closing;
  }

  get #isLeaving(): boolean {
    return this.#leaving !== undefined;
  }

  #move(event: LifeEvent): boolean {
    const next = LIFE[this.state][event];
    if (next === undefined) return false;
    this.state = next;
    return true;
  }

  #leave(farewell: Farewell): void {
    if (this.#isLeaving || this.state === "closed") return;
    this.#leaving = farewell;
    this.#liftPhase();
    this.#heartbeat?.stop();
    this.#closeWithin(this.settings.closeTimeout);
    // Nothing is delivered any more, and what has not opened will not.
    this.taker?.closed(this.error);
    if (!this.#wasOpened) this.#openWaiters?.reject(this.error ?? connectionClosed());
    this.#tellInlets((pipe) => pipe.destinationClosed());
    this.#sender.skipOpening();
    this.#stopWriting();
    if (this.state === "ending" && this.wire.waiting === 0) this.#linger();
    this.#framed.mute();
    this.#regulate();
    if (this.#isTransportGone) this.#over();
  }

  #stopWriting(): void {
    if (!this.#move("close")) return;
    this.#sender.turnAway();
    this.#proceed();
  }

  /** Draining, without a goodbye: the end comes behind this, unless more is to be answered. */
  #answered(draining: Draining): void {
    if (draining.hasAnswered || this.#framed.codec.farewell !== undefined) return;
    // A chunk that passes through is no answer.
    if (this.isPipedTo || this.taker instanceof Pipe) return;
    draining.hasAnswered = true;
    this.settings.loop.defer(endIfAnswered, this);
  }

  /** @internal */
  endIfAnswered(): void {
    const draining = this.#draining;
    if (draining === undefined || this.#framed.isHandling) return;
    if (draining.partsWhenIdle) this.#leave({ why: draining.why });
    if (!draining.hasAnswered) return;
    draining.hasAnswered = false;
    // A message that has begun has an answer to come, behind which the end comes then.
    if (this.#framed.unread === 0) this.close();
  }

  /** Closing goes on as far as it can: all encoded, then the goodbye, then the end. */
  #proceed(): void {
    if (this.state !== "closing") return;
    // What is not encoded may be waiting for the very peer that was too slow: the codec hears of it first.
    if (!this.#saidGoodbye && (this.#sender.isEncoded || this.#leaving?.why === "deadline")) {
      this.#saidGoodbye = true;
      if (this.#framed.farewell(this.#leaving ?? CLOSE) && this.#mayAnswer) return;
    }
    if (!this.#sender.isEncoded) return;
    this.#sender.flush();
    this.#move("end");
    this.wire.end();
    if (this.wire.waiting === 0) this.#linger();
  }

  /** A peer that has ended does not, unless the codec has said that it goes on. */
  get #mayAnswer(): boolean {
    return this.#peerEnd !== "reached" || this.#framed.codec.finish !== undefined;
  }

  /** Our last byte is out. Cutting now might cost the peer some of it, if it is still sending. */
  #linger(): void {
    if (this.#isLeaving) this.#closeWithin(this.settings.lingerTimeout);
  }

  #over(error?: Error): void {
    if (this.state === "closed") return;
    const isLoss = error !== undefined && (!this.#isLeaving || this.#sender.waiting > 0);
    this.#leaving ??= CLOSE;
    this.#move("gone");
    this.#stopDeadlines();
    this.#framed.closed(error);
    if (isLoss) this.report(error, "transport");
    this.#sender.closed(isLoss ? error : undefined);
    this.taker?.closed(this.error);
    this.#tellInlets((pipe) => pipe.destinationClosed());
    this.stats.connections--;
    if (this.#wasOpened) {
      if (diagnostics.close.hasSubscribers) diagnostics.close.publish({ connection: this });
      this.tell("onClose");
    }
    this.#left(this);
    this.#openWaiters?.reject(this.error ?? error ?? connectionClosed());
    this.#goneWaiters?.resolve();
  }

  #stopDeadlines(): void {
    this.#closeDeadline?.disarm();
    this.#phase?.stop();
    this.#heartbeat?.stop();
    this.#sender.stopDeadline();
  }

  #closeWithin(ms: number): void {
    this.#closeDeadline ??= this.settings.loop.deadline(() => this.#tooLate());
    this.#closeDeadline.arm(ms);
  }

  #tooLate(): void {
    const { waiting } = this.#sender;
    const isLoss = this.state !== "ending" || waiting > 0;
    const sentence = `the connection could not be closed in time: ${waiting} bytes wait in state ${this.state}`;
    this.ranOut("close", isLoss ? new SockError("CLOSE_TIMEOUT", sentence) : undefined);
    this.#cut(this.#sender.isMidway);
  }

  /** `isTorn`: the peer has, or may have, a part of something. */
  #cut(isTorn: boolean, error?: Error): void {
    if (this.state === "closed") return;
    this.#leaving ??= CLOSE;
    this.#saidGoodbye = true;
    this.#move("close");
    this.#sender.turnAway();
    this.#framed.mute();
    this.#stopDeadlines();
    if (error !== undefined) this.report(error, "transport");
    if (this.#isTransportGone) this.#over();
    else if (isTorn) this.wire.reset();
    else this.wire.destroy();
  }

  #tellInlets(what: (pipe: Inlet) => void): void {
    if (this.#inlets !== undefined) for (const pipe of this.#inlets) what(pipe);
  }

  protected get self(): Connection<In, Out, Note, Context> {
    return this;
  }

  protected faulted(error: unknown): void {
    this.#leave({ why: "fault", error });
  }
}

function endIfAnswered(connection: { endIfAnswered(): void }): void {
  connection.endIfAnswered();
}

function connectionClosed(): SockError {
  return new SockError("CONNECTION_CLOSED", "the connection is closed");
}
