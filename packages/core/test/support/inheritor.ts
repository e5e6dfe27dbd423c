/** Listens at the addresses given, echoes what comes with the address in front, and says on stdout what it was given. */
import { activatedSockets, listen } from "../../src/index.ts";

const [, , ...addresses] = process.argv;
const servers = await Promise.all(
  addresses.map(async (address) => {
    const server = await listen(address, {
      onMessage: (connection, chunk) => connection.close(`${address}: ${chunk}`),
    });
    return server.address;
  }),
);
const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = process.env;
const left = [LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES].filter((value) => value !== undefined);
console.log(JSON.stringify({ servers, activated: activatedSockets(), left }));
process.stdin.resume().on("end", () => process.exit());
