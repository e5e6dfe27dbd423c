import type { Bytes } from "@sock/codec";
import { Addressed, type Place } from "../connection/addressed.ts";
import type { SendResult } from "../connection/connection.ts";
import type { Prepared } from "../prepared.ts";
import type { Endpoint } from "../transport/transport.ts";
import type { DatagramConnection } from "./datagram.ts";
import type { DatagramEnd } from "./datagram-end.ts";

/** Who sent a datagram to a server. */
export class LiveDatagram<In, Out, Note, Context>
  extends Addressed<Place>
  implements DatagramConnection<Out, Context>
{
  readonly #end: DatagramEnd<In, Out, Note, Context, DatagramConnection<Out, Context>>;
  #context: Context | undefined;

  constructor(
    end: DatagramEnd<In, Out, Note, Context, DatagramConnection<Out, Context>>,
    local: Endpoint,
    remote: Endpoint,
  ) {
    super({ name: "udp", local, remote });
    this.#end = end;
  }

  override get transport(): "udp" {
    return "udp";
  }

  get context(): Context {
    this.#context ??= this.#end.settings.context?.() ?? ({} as Context);
    return this.#context;
  }

  set context(context: Context) {
    this.#context = context;
  }

  send(message: Out | Prepared<Out>): SendResult {
    return this.#end.send(this, message);
  }

  sendRaw(bytes: Bytes): SendResult {
    return this.#end.sendRaw(this, bytes);
  }

  close(message?: Out): void {
    if (message !== undefined) this.send(message);
  }
}
