import type { DeflateSettings } from "./deflate-options.ts";
import type { Extension } from "./extensions.ts";

/** What both sides keep to, RFC 7692 7.1. */
export interface DeflateAgreement {
  readonly sendTakeover: boolean;
  readonly receiveTakeover: boolean;
  readonly sendWindowBits: number;
  readonly receiveWindowBits: number;
}

/** The parameters of one offer or answer. Of a flag that is set, and of window bits left open, the value is `true`. */
interface Parameters {
  server_no_context_takeover?: true;
  client_no_context_takeover?: true;
  server_max_window_bits?: number;
  client_max_window_bits?: number | true;
}

const NAME = "permessage-deflate";
const FULL = 15;
// RFC 7692 7.1.2: 8 to 15, decimal, without leading zeros.
const WINDOW_BITS = /^(?:[89]|1[0-5])$/;

/**
 * The first of a client's offers that a server with these settings can keep to, and its answer. `undefined`: none, and
 * the connection goes on without.
 */
export function acceptOffer(
  offers: readonly Extension[],
  settings: DeflateSettings,
): { agreement: DeflateAgreement; answer: string } | undefined {
  for (const offer of offers) {
    // RFC 7692 7.1: an offer with a parameter that is unknown, repeated or wrong must be declined.
    const asked = offer.name === NAME ? readParameters(offer, "offer") : undefined;
    if (asked === undefined) continue;
    const agreement = agree(asked, settings);
    if (agreement !== undefined) return { agreement, answer: answerFor(agreement, asked) };
  }
  return undefined;
}

/** What a client with these settings offers. */
export function makeOffer(settings: DeflateSettings): string {
  const parameters = [NAME];
  if (!settings.receiveTakeover) parameters.push("server_no_context_takeover");
  if (!settings.sendTakeover) parameters.push("client_no_context_takeover");
  if (settings.receiveWindowBits < FULL)
    parameters.push(`server_max_window_bits=${settings.receiveWindowBits}`);
  // RFC 7692 7.1.2.2: without a value, it says that the server may choose one.
  const own = settings.sendWindowBits < FULL ? `=${settings.sendWindowBits}` : "";
  parameters.push(`client_max_window_bits${own}`);
  return parameters.join("; ");
}

/**
 * What a server's answer to `makeOffer` amounts to. `undefined`: it uses no extension. A string: what is wrong with it.
 */
export function readAnswer(
  answer: readonly Extension[],
  settings: DeflateSettings | undefined,
): DeflateAgreement | undefined | string {
  const [extension, more] = answer;
  if (extension === undefined) return undefined;
  // RFC 6455 9.1: an extension that was not asked for must fail the connection.
  if (settings === undefined || extension.name !== NAME)
    return `the extension ${extension.name} was not offered`;
  if (more !== undefined) return "more than one extension in the answer";
  const said = readParameters(extension, "answer");
  if (said === undefined) return "a parameter of permessage-deflate is unknown, repeated or wrong";

  const { server_max_window_bits: theirs = FULL, client_max_window_bits: ours = settings.sendWindowBits } =
    said;
  // RFC 7692 7.1.1.1, 7.1.2.1: a server that accepts such an offer says so in its answer.
  if (!settings.receiveTakeover && !said.server_no_context_takeover)
    return "the server wants to take over contexts";
  if (theirs > settings.receiveWindowBits) return `the server wants a window of ${theirs} bits`;
  if (typeof ours !== "number" || ours > settings.sendWindowBits)
    return "the server wants a larger window than ours";
  return {
    sendTakeover: settings.sendTakeover && !said.client_no_context_takeover,
    receiveTakeover: !said.server_no_context_takeover,
    sendWindowBits: ours,
    receiveWindowBits: theirs,
  };
}

/** As a server: what we send is the server's, what we receive the client's. */
function agree(asked: Parameters, settings: DeflateSettings): DeflateAgreement | undefined {
  const { client_max_window_bits: theirs } = asked;
  // RFC 7692 7.1.2.2: a client that does not say the parameter cannot be told to use less.
  if (theirs === undefined && settings.receiveWindowBits < FULL) return undefined;
  return {
    sendTakeover: settings.sendTakeover && !asked.server_no_context_takeover,
    receiveTakeover: settings.receiveTakeover && !asked.client_no_context_takeover,
    sendWindowBits: Math.min(settings.sendWindowBits, asked.server_max_window_bits ?? FULL),
    receiveWindowBits: Math.min(settings.receiveWindowBits, typeof theirs === "number" ? theirs : FULL),
  };
}

function answerFor(agreement: DeflateAgreement, asked: Parameters): string {
  const parameters = [NAME];
  if (!agreement.sendTakeover) parameters.push("server_no_context_takeover");
  if (!agreement.receiveTakeover) parameters.push("client_no_context_takeover");
  if (agreement.sendWindowBits < FULL || asked.server_max_window_bits !== undefined) {
    parameters.push(`server_max_window_bits=${agreement.sendWindowBits}`);
  }
  if (agreement.receiveWindowBits < FULL)
    parameters.push(`client_max_window_bits=${agreement.receiveWindowBits}`);
  return parameters.join("; ");
}

function readParameters(extension: Extension, where: "offer" | "answer"): Parameters | undefined {
  const parameters: Parameters = {};
  for (const [name, value] of extension.parameters) {
    if (name === "server_no_context_takeover" || name === "client_no_context_takeover") {
      if (parameters[name] !== undefined || value !== undefined) return undefined;
      parameters[name] = true;
    } else if (name === "server_max_window_bits") {
      if (parameters[name] !== undefined || value === undefined || !WINDOW_BITS.test(value)) return undefined;
      parameters[name] = Number(value);
    } else if (name === "client_max_window_bits") {
      const mayBeOpen = where === "offer";
      if (parameters[name] !== undefined || (value === undefined ? !mayBeOpen : !WINDOW_BITS.test(value)))
        return undefined;
      parameters[name] = value === undefined ? true : Number(value);
    } else {
      return undefined;
    }
  }
  return parameters;
}
