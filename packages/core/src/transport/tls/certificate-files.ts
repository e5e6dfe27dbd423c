import { readFile } from "node:fs/promises";
import { SockError } from "../../errors.ts";
import type { Identity } from "./certificate.ts";
import { listOf, type Pem, type TlsCertificate, type TlsCertificates } from "./options.ts";

/** The certificates of a server, read. */
export interface Loaded {
  readonly own: Identity | undefined;
  readonly hosts: ReadonlyMap<string, Identity>;
  readonly ca: readonly Pem[] | undefined;
}

/**
 * Reads what is in files.
 * @throws SockError `CERTIFICATE_UNREADABLE`; TypeError when a certificate lacks its key, or is given twice
 */
export async function loadCertificates(given: TlsCertificates): Promise<Loaded> {
  const hosts = new Map<string, Identity>();
  for (const [host, certificate] of Object.entries(given.hosts ?? {})) {
    const identity = await loadIdentity(`tls.hosts["${host}"]`, certificate);
    if (identity === undefined) throw new TypeError(`tls.hosts["${host}"] has no certificate`);
    hosts.set(host, identity);
  }
  const hasAuthorities = given.ca !== undefined || given.caFile !== undefined;
  return {
    own: await loadIdentity("tls", given),
    hosts,
    ca: hasAuthorities ? await either("tls", "ca", given.ca, given.caFile) : undefined,
  };
}

/** @throws as `loadCertificates` */
export async function loadIdentity(of: string, given: TlsCertificate): Promise<Identity | undefined> {
  const chains = await either(of, "cert", given.cert, given.certFile);
  const keys = await either(of, "key", given.key, given.keyFile);
  if (chains.length === 0 && keys.length === 0) return undefined;
  if (chains.length !== keys.length)
    throw new TypeError(`${of}: ${chains.length} certificates and ${keys.length} keys make no pairs`);
  return { chains, keys, passphrase: given.passphrase };
}

async function either(
  of: string,
  name: string,
  given: Pem | readonly Pem[] | undefined,
  file: string | readonly string[] | undefined,
): Promise<readonly Pem[]> {
  if (given !== undefined && file !== undefined)
    throw new TypeError(`${of}: ${name} or ${name}File, not both`);
  return file === undefined ? listOf(given) : Promise.all(listOf(file).map((path) => read(of, path)));
}

async function read(of: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new SockError("CERTIFICATE_UNREADABLE", `${of}: ${(error as Error).message}`, { cause: error });
  }
}

/** Every file that is named. */
export function filesOf(given: TlsCertificates): string[] {
  const ofOne = ({ certFile, keyFile }: TlsCertificate) => [...listOf(certFile), ...listOf(keyFile)];
  return [...ofOne(given), ...listOf(given.caFile), ...Object.values(given.hosts ?? {}).flatMap(ofOne)];
}
