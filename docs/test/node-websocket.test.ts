import { type Conversation, clientTests } from "./support/client-tests.ts";
import { dial } from "./support/dial.ts";

// Node's own WebSocket, undici's. It names no origin, inflates what it gets and compresses nothing.

async function talk<Result, Argument>(
  url: string,
  conversation: Conversation<Result, Argument>,
  argument?: Argument,
  protocols?: readonly string[],
): Promise<Result> {
  const dialled = await dial(url, protocols);
  try {
    // Whoever gives no argument has a conversation that takes none.
    return await conversation(dialled, argument as Argument);
  } finally {
    dialled.socket.close();
  }
}

clientTests({ talk, compresses: false, origins: "same-host" });
