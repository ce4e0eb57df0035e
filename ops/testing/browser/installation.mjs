import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const MOIM = process.env.MOIM ?? "../../../target/debug/moim";

/** A port that was free a moment ago: for what must be told before it listens. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** A Moim of a test's own, with a configuration of its own. */
export class Installation {
  static async start(port, configuration) {
    const folder = await mkdtemp(join(tmpdir(), "moim-browser-"));
    const file = join(folder, "moim.toml");
    await writeFile(file, configuration);
    const listen = ["--listen", `127.0.0.1:${port}`, "--engine-listen", "127.0.0.1:0"];
    const options = ["serve", "--config", file, "--data", join(folder, "data"), ...listen, "--set", "log.filter=warn"];
    const child = spawn(MOIM, options, { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout });
    for await (const line of lines) if (line.trim().startsWith("engine")) break;
    // What it says later must not fill the pipe.
    child.stdout.resume();
    return new Installation(child, folder, `http://127.0.0.1:${port}/`);
  }

  constructor(child, folder, page) {
    this.child = child;
    this.folder = folder;
    this.page = page;
  }

  async stop() {
    const ended = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }
}
