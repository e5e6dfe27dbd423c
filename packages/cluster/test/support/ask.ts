import { readFileSync } from "node:fs";
import { type Connection, connect } from "@sock/core";
import { certificate } from "./certificate.ts";
import { lines } from "./lines.ts";

/** One answer over a connection of its own. */
export async function ask(address: string, question = "who"): Promise<string> {
  const client = await connect(address, {
    codec: lines(),
    ...(address.startsWith("tls:") ? { tls: { ca: readFileSync(certificate("ca.pem")) } } : {}),
  });
  client.send(question);
  for await (const line of client) {
    client.close();
    return line;
  }
  throw new Error("the connection ended instead of an answer");
}

/** A connection that stays, and answers one at a time. */
export class Caller {
  readonly connection: Connection<string>;
  readonly #answers: AsyncIterator<string>;

  private constructor(connection: Connection<string>) {
    this.connection = connection;
    this.#answers = connection[Symbol.asyncIterator]();
  }

  static async to(address: string): Promise<Caller> {
    return new Caller((await connect(address, { codec: lines() })) as Connection<string>);
  }

  async ask(question = "who"): Promise<string> {
    this.connection.send(question);
    return (await this.next()) ?? "the end";
  }

  /** Undefined at the end. */
  async next(): Promise<string | undefined> {
    const { value, done } = await this.#answers.next();
    return done ? undefined : value;
  }
}
