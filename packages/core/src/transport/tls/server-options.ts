import { filesOf } from "./certificate-files.ts";
import { KNOWN, refuseUnknown, type TlsCertificates, type TlsServerOptions } from "./options.ts";

/** @throws TypeError, RangeError: an option is unknown, or cannot be what it is */
export function checkServerOptions(options: TlsServerOptions): void {
  refuseUnknown(options, KNOWN.server, "tls");
  for (const name of ["handshakeTimeout", "watchInterval", "sessionTimeout"] as const) {
    const time = options[name];
    if (time !== undefined && !(time > 0)) throw new RangeError(`tls.${name}: ${time} is no time`);
  }
  const { clientCert = "none", ticketKeys, watch } = options;
  if (!["none", "request", "require"].includes(clientCert))
    throw new TypeError(
      `tls.clientCert is "none", "request" or "require", not ${JSON.stringify(clientCert)}`,
    );
  if (ticketKeys !== undefined && ticketKeys.length !== 48)
    throw new RangeError(`tls.ticketKeys: 48 bytes, not ${ticketKeys.length}`);
  checkTrust(options, options);
  if (watch && filesOf(options).length === 0) throw new TypeError("tls.watch: there are no files to watch");
}

/** @throws TypeError when `certificates` cannot serve a server with these options */
export function checkTrust(
  { clientCert = "none", sni }: TlsServerOptions,
  { cert, certFile, ca, caFile, hosts = {} }: TlsCertificates,
): void {
  for (const [host, certificate] of Object.entries(hosts))
    refuseUnknown(certificate, KNOWN.certificate, `tls.hosts["${host}"]`);
  if (clientCert !== "none" && ca === undefined && caFile === undefined)
    throw new TypeError(`tls.clientCert "${clientCert}" needs ca: whose clients are trusted?`);
  const isEmpty = cert === undefined && certFile === undefined && Object.keys(hosts).length === 0;
  if (isEmpty && sni === undefined)
    throw new TypeError("tls needs a certificate: cert and key, certFile and keyFile, hosts or sni");
}
