/**
 * Where the closing handshake stands.
 *
 * - open: messages go both ways
 * - closing: our Close frame is out, the peer's is awaited; messages still come, none goes
 * - closed: the peer has said its last; whatever follows is not looked at
 */
export type ClosingState = "open" | "closing" | "closed";

/** What moves it on: our Close frame, the peer's, the end of what the peer sends. */
export type ClosingEvent = "weClose" | "peerCloses" | "peerEnds";

/** The closing handshake. What is not listed changes nothing. */
export const CLOSING: Readonly<Record<ClosingState, Readonly<Partial<Record<ClosingEvent, ClosingState>>>>> =
  {
    open: {
      weClose: "closing", //    RFC 6455 5.5.1: no data frame after a Close
      peerCloses: "closed", //  5.5.1: answered with a Close, if none was sent before; 7.1.4: the handshake is complete
      peerEnds: "closed", //    7.1.5: without a Close, which counts as 1006
    },
    closing: {
      peerCloses: "closed", //  7.1.4: both have sent and received one
      peerEnds: "closed", //    7.1.5
    },
    closed: {},
  };
