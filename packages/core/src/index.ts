export { type ActivatedSocket, activatedSockets } from "./activation.ts";
export { type DuplexOptions, toDuplex } from "./adapters/duplex.ts";
export { toWebStreams, type WebStreams } from "./adapters/web-streams.ts";
export { type Address, formatAddress, parseAddress } from "./address.ts";
export type { BackoffOptions } from "./client/backoff.ts";
export type { Client, ClientOptions, RawClientOptions, Reconnecting } from "./client/client.ts";
export type { ReachOptions } from "./client/reach.ts";
export { CLIENT_LIFE, type ClientEvent, type ClientState } from "./client/state.ts";
export { type ConnectOptions, connect, type RawConnectOptions } from "./connect.ts";
export type { CloseDetails, Connection, Pipeable, PipeOptions, SendResult } from "./connection/connection.ts";
export type { WhenFull } from "./connection/grace.ts";
export type { ErrorPhase, Handlers } from "./connection/handlers.ts";
export type { HeartbeatOptions } from "./connection/heartbeat.ts";
export { type ConnectionOptions, limits } from "./connection/options.ts";
export { LIFE, type LifeEvent, type LifeState } from "./connection/state.ts";
export type { Transform } from "./connection/through.ts";
export type {
  DatagramConnection,
  DatagramHandlers,
  DatagramOptions,
  DatagramStats,
} from "./datagram/datagram.ts";
export type { RawUdpClientOptions, UdpClient, UdpClientOptions } from "./datagram/udp-client.ts";
export type { RawUdpServerOptions, UdpServer, UdpServerOptions } from "./datagram/udp-server.ts";
export { diagnostics, type HandlerTrace, handlerTracing } from "./diagnostics.ts";
export { AddressError, SockError, type SockErrorCode } from "./errors.ts";
export { createEventLoop, type EventLoop, eventLoop } from "./event-loop.ts";
export { keepConnected } from "./keep-connected.ts";
export { listen, type RawServerOptions } from "./listen.ts";
export type { Logger } from "./logger.ts";
export { Prepared } from "./prepared.ts";
export { raw } from "./raw.ts";
export type { AdmissionOptions, Refusals } from "./server/admission.ts";
export type { Present } from "./server/roster.ts";
export type { Server, ServerCloseOptions, ServerOptions } from "./server/server.ts";
export type { Rate } from "./server/token-bucket.ts";
export type { Stats } from "./stats.ts";
export type { Newcomer } from "./transport/accept.ts";
export type { AddressList } from "./transport/address-list.ts";
export type { SocketOptions } from "./transport/net-connector.ts";
export { type ProxyHeaderOptions, proxyHeader } from "./transport/proxy-protocol/encode.ts";
export { type ProxyHeader, type ProxyTlv, proxyTlv } from "./transport/proxy-protocol/header.ts";
export type { ProxyProtocolOptions } from "./transport/proxy-protocol/options.ts";
export type { TlsDetails } from "./transport/tls/details.ts";
export { HandshakeError } from "./transport/tls/handshake-error.ts";
export type {
  Pem,
  SniAnswer,
  TlsCertificate,
  TlsCertificates,
  TlsClientOptions,
  TlsCommonOptions,
  TlsServerOptions,
} from "./transport/tls/options.ts";
export { TlsSessions } from "./transport/tls/sessions.ts";
export type { Endpoint, Transport, TransportHandler } from "./transport/transport.ts";
export type { GroupOptions, UdpSocketOptions } from "./transport/udp-socket.ts";
export { type Socks5Options, socks5 } from "./via/socks5.ts";
