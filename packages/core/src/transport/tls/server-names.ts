import { isIP } from "node:net";

/**
 * A host's name as names are compared: lower case, and without the dot that may end it. `undefined`: no such name can
 * stand in a TLS handshake (RFC 6066 3: ASCII, and no IP address), so it matches nothing, and nothing need be looked up.
 *
 * Other letters come as `xn--…`. They are not translated here, nor are the dots that Unicode has: two that read a name
 * differently would disagree about who was asked for.
 */
export function normalizeServerName(name: string): string | undefined {
  const bare = name.endsWith(".") ? name.slice(0, -1) : name;
  // RFC 1035 2.3.4: 253 characters, and 63 between two dots. Underscores are no letters of hosts, and are used all the same.
  if (bare.length > 253 || !/^[\w-]{1,63}(?:\.[\w-]{1,63})*$/.test(bare)) return undefined;
  // Not before: there are letters that are not ASCII, and their small ones are.
  return isIP(bare) === 0 ? bare.toLowerCase() : undefined;
}

/** Values by host name, of which one may begin with `*.`, which stands for exactly one label. */
export class HostMap<T> {
  readonly #exact = new Map<string, T>();
  /** Under what follows the `*.`. */
  readonly #wildcard = new Map<string, T>();

  /** @throws TypeError when `pattern` can match no host, or is there already */
  set(pattern: string, value: T): void {
    const isWildcard = pattern.startsWith("*.");
    const name = normalizeServerName(isWildcard ? pattern.slice(2) : pattern);
    if (name === undefined) {
      const sentence = "a host is an ASCII name, as example.com, *.example.com or xn--bcher-kva.example";
      throw new TypeError(`no peer can ask for ${JSON.stringify(pattern)}: ${sentence}`);
    }
    const map = isWildcard ? this.#wildcard : this.#exact;
    if (map.has(name)) throw new TypeError(`the host ${JSON.stringify(pattern)} is there twice`);
    map.set(name, value);
  }

  /** `name` as `normalizeServerName` gives it. A name that is there wins over a wildcard. */
  get(name: string): T | undefined {
    return this.#exact.get(name) ?? this.#wildcard.get(name.slice(name.indexOf(".") + 1 || name.length));
  }
}
