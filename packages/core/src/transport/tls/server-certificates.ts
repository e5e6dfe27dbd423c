import type { EventLoop } from "../../event-loop.ts";
import { filesOf } from "./certificate-files.ts";
import { CertificateWatch } from "./certificate-watch.ts";
import { KNOWN, refuseUnknown, type TlsCertificates, type TlsServerOptions } from "./options.ts";
import { ServerContexts } from "./server-contexts.ts";
import { checkTrust } from "./server-options.ts";

/** The certificates of a server: those in use, and how others take their place. */
export class ServerCertificates {
  readonly #options: TlsServerOptions;
  readonly #failed: (error: Error) => void;
  readonly #watch: CertificateWatch | undefined;
  #given: TlsCertificates;
  #contexts!: ServerContexts;
  #changed: (contexts: ServerContexts) => void = () => {};
  /** The latest change: one follows the other. */
  #changing: Promise<unknown> = Promise.resolve();

  /** @param failed hears of files that have changed and are of no use, when nobody else wants to */
  constructor(options: TlsServerOptions, loop: EventLoop, failed: (error: Error) => void) {
    this.#options = options;
    this.#given = options;
    this.#failed = failed;
    if (options.watch) this.#watch = this.#makeWatch(loop);
  }

  /**
   * Reads them.
   * @throws SockError `CERTIFICATE_INVALID`, `CERTIFICATE_MISMATCH`, `CERTIFICATE_UNREADABLE`; TypeError
   */
  async open(): Promise<void> {
    try {
      await this.#watch?.start();
      this.#contexts = await ServerContexts.make(this.#given, this.#options);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Those in use. */
  get contexts(): ServerContexts {
    return this.#contexts;
  }

  /** From now on `changed` hears of it when others are. */
  onChange(changed: (contexts: ServerContexts) => void): void {
    this.#changed = changed;
  }

  /**
   * Others from now on. What is not named stays as it was; when something is of no use, all does.
   * @throws as `open`
   */
  async change(change: TlsCertificates): Promise<void> {
    refuseUnknown(change, KNOWN.certificates, "setCertificates");
    await this.#queue(() => merge(this.#given, change));
  }

  /** Watches no more. */
  close(): void {
    this.#watch?.stop();
  }

  #queue(next: () => TlsCertificates): Promise<void> {
    const change = this.#changing.then(async () => {
      const given = next();
      checkTrust(this.#options, given);
      const contexts = await ServerContexts.make(given, this.#options);
      this.#changed(contexts);
      this.#given = given;
      this.#contexts = contexts;
    });
    this.#changing = change.catch(() => undefined);
    return change;
  }

  #makeWatch(loop: EventLoop): CertificateWatch {
    return new CertificateWatch({
      loop,
      interval: this.#options.watchInterval ?? 10_000,
      files: () => filesOf(this.#given),
      reload: () =>
        this.#queue(() => this.#given).then(
          () => undefined,
          (error: Error) => error,
        ),
      reloaded: (error) => this.#tell(error),
    });
  }

  #tell(error: Error | undefined): void {
    const { onReload } = this.#options;
    if (onReload === undefined) {
      if (error !== undefined) this.#failed(error);
      return;
    }
    try {
      onReload.call(this.#options, error);
    } catch (thrown) {
      this.#failed(thrown as Error);
    }
  }
}

/** The certificate is one thing, the hosts are another, and so are the authorities: each is replaced as a whole. */
function merge(old: TlsCertificates, change: TlsCertificates): TlsCertificates {
  const parts = [KNOWN.certificate, ["hosts"], ["ca", "caFile"]];
  return Object.assign({}, ...parts.map((part) => pick(part, change) ?? pick(part, old)));
}

function pick(names: readonly string[], from: object): object | undefined {
  const picked = Object.entries(from).filter(([name, value]) => names.includes(name) && value !== undefined);
  return picked.length === 0 ? undefined : Object.fromEntries(picked);
}
