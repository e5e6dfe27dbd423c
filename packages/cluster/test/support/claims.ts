// Claims the pid file named, says what came of it, and holds it until stdin ends.
import { PidFile } from "../../src/process/pid-file.ts";

const [path = ""] = process.argv.slice(2);
try {
  const file = PidFile.claim(path, "/control");
  console.log("claimed");
  process.stdin.resume().on("end", () => file.release());
} catch (error) {
  console.log((error as { code: string }).code);
}
