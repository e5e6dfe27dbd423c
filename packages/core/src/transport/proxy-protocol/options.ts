import { type AddressList, AddressSet } from "../address-list.ts";

/** HAProxy's PROXY protocol, versions 1 and 2: those who relay say for whom, before anything else. */
export interface ProxyProtocolOptions {
  /**
   * The proxies. Their connections begin with a header, or are turned away: nobody guesses whether there is one, as the
   * specification asks. What others send is not looked at for it, for they could claim to be anybody. Whoever reaches a
   * unix path is trusted.
   */
  from: AddressList;
  /** Turn away all others. Default: false, they are peers of their own. */
  required?: boolean;
  /** Milliseconds for the header. Default 5,000; the specification asks for 3,000 at least, a retransmission's time. */
  timeout?: number;
  /** Bytes that a header may take. Default 4,096, as nginx has it; headers of version 1 take 107 at most. */
  maxHeaderSize?: number;
}

/** The options with their defaults. */
export class ProxyProtocol {
  readonly required: boolean;
  readonly timeout: number;
  readonly maxHeaderSize: number;
  readonly #from: AddressSet;

  /** @throws RangeError, TypeError: an option is not one */
  constructor({ from, required = false, timeout = 5_000, maxHeaderSize = 4_096 }: ProxyProtocolOptions) {
    if (!(timeout > 0)) throw new RangeError(`the timeout of a PROXY header is more than 0, not ${timeout}`);
    if (!(maxHeaderSize >= LEAST))
      throw new RangeError(`maxHeaderSize is at least ${LEAST}, not ${maxHeaderSize}`);
    this.required = required;
    this.timeout = timeout;
    this.maxHeaderSize = maxHeaderSize;
    this.#from = new AddressSet(from);
  }

  /** `address`: undefined on a unix path. */
  trusts(address: string | undefined): boolean {
    return address === undefined || this.#from.has(address);
  }
}

/** A header of version 2 with two IPv6 addresses; a line of version 1 takes up to 107 whatever is said here. */
const LEAST = 52;
