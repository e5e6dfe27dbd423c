import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import { SockError } from "../../errors.ts";
import { listOf, type Pem } from "./options.ts";

/** A certificate that was read: chains, and a key for each. */
export interface Identity {
  readonly chains: readonly Pem[];
  readonly keys: readonly Pem[];
  readonly passphrase: string | undefined;
}

/** What Node's options call it. */
export function identityOptions({ chains, keys, passphrase }: Identity): SecureContextOptions {
  const pem = keys.map((key) =>
    passphrase === undefined ? { pem: text(key) } : { pem: text(key), passphrase },
  );
  return { cert: chains.map(text), key: pem };
}

/** Authorities as Node takes them: absent when there are none, which is not the same as an empty list. */
export function authorityOptions(ca: Pem | readonly Pem[] | undefined): SecureContextOptions {
  return ca === undefined ? {} : { ca: listOf(ca).map(text) };
}

/**
 * Makes what Node needs for a handshake, after a look at whether it can work: Node itself takes a key of another kind than
 * its certificate, and tells each peer instead.
 * @param of whose it is, for the error
 * @throws SockError `CERTIFICATE_INVALID`, `CERTIFICATE_MISMATCH`
 */
export function makeContext(
  of: string,
  identity: Identity | undefined,
  others: SecureContextOptions,
): SecureContext {
  if (identity !== undefined) checkIdentity(of, identity);
  try {
    return createSecureContext({ ...others, ...(identity && identityOptions(identity)) });
  } catch (error) {
    throw invalid(of, error);
  }
}

function checkIdentity(of: string, { chains, keys, passphrase }: Identity): void {
  for (const [i, chain] of chains.entries()) {
    let matches: boolean;
    try {
      const key = createPrivateKey({ key: text(keys[i]!), ...(passphrase !== undefined && { passphrase }) });
      matches = new X509Certificate(text(chain)).checkPrivateKey(key);
    } catch (error) {
      throw invalid(of, error);
    }
    if (!matches)
      throw new SockError("CERTIFICATE_MISMATCH", `${of}: the key is not that of the certificate`);
  }
}

/** @throws SockError `CERTIFICATE_INVALID` when an authority does not parse: Node ignores one that does not */
export function checkAuthorities(of: string, authorities: readonly Pem[]): void {
  for (const pem of authorities) {
    try {
      new X509Certificate(text(pem));
    } catch (error) {
      throw invalid(of, error);
    }
  }
}

function invalid(of: string, cause: unknown): SockError {
  return new SockError("CERTIFICATE_INVALID", `${of}: ${(cause as Error).message}`, { cause });
}

function text(pem: Pem): string {
  return typeof pem === "string" ? pem : Buffer.from(pem).toString("latin1");
}
