import { spawn } from 'node:child_process';

/** How long a Node process takes that does nothing, in ms: what no program on Node can be faster than. */
export function emptyNode(): Promise<number> {
  return commandMs(process.execPath, ['-e', '0'], process.env);
}

/** Runs a command to its end. @throws Error with what it said when it failed */
export function commandMs(command: string, args: string[], env: NodeJS.ProcessEnv, cwd?: string): Promise<number> {
  const began = performance.now();
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], ...(cwd === undefined ? {} : { cwd }) });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(performance.now() - began);
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}: ${output}`));
    });
  });
}
