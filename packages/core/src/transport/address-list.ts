import { BlockList, isIP, isIPv6 } from "node:net";

/**
 * IP addresses: a `net.BlockList` of Node, which may grow later, or a list of addresses and subnets
 * (`["192.0.2.1", "10.0.0.0/8", "2001:db8::/32"]`). An IPv4 address also stands for itself mapped into IPv6.
 */
export type AddressList = BlockList | readonly string[];

/** Looks addresses up in a list. A look takes time with the number of entries, as `net.BlockList` has it. */
export class AddressSet {
  readonly #list: BlockList;

  /** @throws TypeError when something in the list is neither an address nor a subnet */
  constructor(list: AddressList) {
    this.#list = list instanceof BlockList ? list : toBlockList(list);
  }

  has(address: string): boolean {
    // An address of a link names the link, which no list does.
    const [bare = ""] = address.split("%", 1);
    return this.#list.check(bare, isIPv6(bare) ? "ipv6" : "ipv4");
  }
}

function toBlockList(entries: readonly string[]): BlockList {
  // A string has entries too.
  if (!Array.isArray(entries)) throw new TypeError("addresses are an array of strings, or a net.BlockList");
  const list = new BlockList();
  for (const entry of entries) add(list, entry);
  return list;
}

function add(list: BlockList, entry: string): void {
  const [, address = "", digits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(entry) ?? [];
  const kind = isIP(address);
  const bits = kind === 4 ? 32 : 128;
  const prefix = digits === undefined ? bits : Number(digits);
  if (kind === 0 || prefix > bits)
    throw new TypeError(`"${entry}" is neither an IP address nor a subnet like 10.0.0.0/8 or 2001:db8::/32`);
  list.addSubnet(address, prefix, kind === 4 ? "ipv4" : "ipv6");
}
