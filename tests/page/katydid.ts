// The command under test and something for it to test.

import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const command = process.env.KATYDID;
const folder = fileURLToPath(new URL(".", import.meta.url));
const page = fileURLToPath(new URL("../../web/dist", import.meta.url));

export interface Running {
  url: string;
  end: () => Promise<void>;
}

/** Starts a process and waits for the line that tells its address. */
async function start(args: string[], line: RegExp, env: Record<string, string> = {}): Promise<Running> {
  if (command === undefined) throw new Error("KATYDID names no command: run this through make test");
  const process_ = spawn(command, args, { cwd: folder, env: { ...process.env, ...env } });
  const url = await address(process_, line);
  return {
    url,
    end: () =>
      new Promise((done) => {
        process_.once("exit", () => done());
        process_.kill("SIGTERM");
      }),
  };
}

function address(process_: ChildProcess, line: RegExp): Promise<string> {
  return new Promise((found, failed) => {
    let said = "";
    const read = (text: Buffer) => {
      said += text.toString();
      const match = line.exec(said);
      if (match?.[1] !== undefined) found(match[1]);
    };
    process_.stdout?.on("data", read);
    process_.stderr?.on("data", read);
    process_.once("exit", (code) => failed(new Error(`ended with ${code} and said: ${said}`)));
  });
}

export function target(): Promise<Running> {
  return start(["target", "shop", "--port", "0"], /listening on (\S+)/);
}

/** The page of a locustfile, as it was built last. */
export function katydid(locustfile: string, args: string[], env: Record<string, string> = {}): Promise<Running> {
  const common = ["-f", `locustfiles/${locustfile}`, "--web-host", "127.0.0.1", "-P", "0", "--build-path", page];
  return start([...common, ...args], /web interface at (\S+?),/, env);
}
