import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const VERSIONS = '/usr/lib/postgresql';
const READY_TIMEOUT_MS = 30_000;
const LOOK_AGAIN_MS = 20;
const USER = 'hearth';
const PASSWORD = 'made-up-password';

/**
 * Runs the server and outlives whoever asked for it by the time that tidying takes: its standard input is a pipe that
 * nobody writes to, which ends with the process that holds the other end, however that ends. Then every server on the
 * folder is ended, also a stopped one, and the folder removed.
 */
const KEEPER = `
folder=$1; shift
trap '' INT TERM HUP
"$@" >>"$folder/log" 2>&1 </dev/null &
cat >/dev/null
pid=$(head -n 1 "$folder/data/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then
  children=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
  kill -CONT "$pid" $children 2>/dev/null
  kill -QUIT "$pid" 2>/dev/null
  for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$pid" 2>/dev/null || break; sleep 0.2; done
  kill -KILL "$pid" $children 2>/dev/null
fi
rm -rf "$folder"
`;

export interface PostgresOptions {
  /** Lines of postgresql.conf. */
  settings?: Record<string, string>;
  /** Whether commits wait for the disk; default no, because a test's server has nothing to lose. */
  fsync?: boolean;
  /** Makes a standby of this server, which follows it until it is promoted; its settings must allow as many connections. */
  standbyOf?: PostgresServer;
  /** Contents of files of its data folder, by name, that only the server may read. */
  files?: Readonly<Record<string, string>>;
}

/** A PostgreSQL server of the machine's own package, with one database and nothing in it. */
export interface PostgresServer {
  /** Address with user and password of its superuser. */
  readonly url: string;
  readonly password: string;
  readonly folder: string;
  /** Of the server's first process. */
  readonly pid: number;
  /** What it has logged so far. */
  log(): string;
  /** Ends it as a power failure would; `start` brings it back. */
  kill(): Promise<void>;
  /** Ends it as its operator would, cutting whoever is connected. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Every one of its processes stands still: it takes connections and answers nothing. */
  pause(): void;
  resume(): void;
  /** A standby: resolves when it has all that its primary has now. */
  catchUp(): Promise<void>;
  /** Makes a standby a primary, which takes writes when this resolves. */
  promote(): Promise<void>;
  /** Ends it and removes its folder. */
  close(): Promise<void>;
}

/** Starts a server in a folder of its own, on a free port of loopback, as a user that is not root. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const bin = newestBin();
  const folder = mkdtempSync(join(existsSync('/tmp') ? '/tmp' : tmpdir(), 'hearth-postgres-'));
  const port = await freePort();
  const keepers: ChildProcess[] = [];
  const data = join(folder, 'data');
  const as = asOrdinaryUser(folder);
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, `${PASSWORD}\n`, { mode: 0o644 });

  const keep = (command: readonly string[]): void => {
    const keeper = spawn('/bin/sh', ['-c', KEEPER, 'keeper', folder, ...command], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    keepers.push(keeper);
  };
  const config = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: folder,
    fsync: options.fsync === true ? 'on' : 'off',
    ...options.settings,
  };
  const pid = (): number => Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
  const server: PostgresServer = {
    url: `postgres://${USER}:${PASSWORD}@127.0.0.1:${port}/postgres`,
    password: PASSWORD,
    folder,
    get pid() {
      return pid();
    },
    log: () => readFileSync(join(folder, 'log'), 'utf8'),
    async kill() {
      const [first, ...children] = [pid(), ...childrenOf(pid())];
      for (const each of [first, ...children]) signal(each, 'SIGKILL');
      await until(() => [first, ...children].every((each) => !isAlive(each)), 'the server to be gone');
    },
    async stop() {
      const first = pid();
      signal(first, 'SIGINT');
      await until(() => !isAlive(first), 'the server to stop');
    },
    async start() {
      const settings = Object.entries(config).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
      keep([...as, join(bin, 'postgres'), '-D', data, ...settings]);
      await until(
        () => isReady(data),
        'the server to be ready',
        () => server.log(),
      );
    },
    pause() {
      for (const each of [pid(), ...childrenOf(pid())]) signal(each, 'SIGSTOP');
    },
    resume() {
      for (const each of [...childrenOf(pid()), pid()]) signal(each, 'SIGCONT');
    },
    async catchUp() {
      const { standbyOf } = options;
      if (standbyOf === undefined) throw new Error('not a standby');
      const ask = (url: string, sql: string) =>
        execFileSync(join(bin, 'psql'), ['-d', url, '-XtAc', sql], { stdio: 'pipe', encoding: 'utf8' }).trim();
      const end = ask(standbyOf.url, 'select pg_current_wal_lsn()');
      await until(
        () => ask(server.url, `select pg_last_wal_replay_lsn() >= '${end}'`) === 't',
        'the standby to catch up',
      );
    },
    async promote() {
      execFileSync('env', [...as, join(bin, 'pg_ctl'), 'promote', '--wait', '--silent', '-D', data], {
        stdio: 'pipe',
        cwd: folder,
      });
    },
    async close() {
      const gone = keepers.map((keeper) => new Promise((resolve) => keeper.once('exit', resolve)));
      for (const keeper of keepers) keeper.stdin?.end();
      await Promise.all(gone);
    },
  };
  try {
    // From here on the folder goes with this process.
    keep(['true']);
    const make =
      options.standbyOf === undefined ? initdb(bin, data, passwordFile) : copyOf(options.standbyOf.url, bin, data);
    const run = (...command: string[]) => execFileSync('env', [...as, ...command], { stdio: 'pipe', cwd: folder });
    run(...make);
    for (const [name, content] of Object.entries(options.files ?? {})) {
      writeFileSync(join(folder, name), content);
      run('install', '--mode=600', join(folder, name), join(data, name));
    }
    await server.start();
    return server;
  } catch (error) {
    await server.close();
    throw error;
  }
}

function initdb(bin: string, data: string, passwordFile: string): string[] {
  const authentication = ['--auth=scram-sha-256', `--pwfile=${passwordFile}`, `--username=${USER}`];
  const kind = ['--encoding=UTF8', '--locale=C.UTF-8', '--no-sync', '--no-instructions'];
  return [join(bin, 'initdb'), '-D', data, ...kind, ...authentication];
}

function copyOf(url: string, bin: string, data: string): string[] {
  const how = ['--write-recovery-conf', '--wal-method=stream', '--checkpoint=fast', '--no-sync'];
  return [join(bin, 'pg_basebackup'), '-D', data, '-d', url, ...how];
}

function newestBin(): string {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).filter((name) => /^\d+$/.test(name)) : [];
  const [newest] = versions.map(Number).toSorted((a, b) => b - a);
  if (newest === undefined) {
    throw new Error('There is no PostgreSQL server on this machine. On Debian: apt-get install postgresql');
  }
  return join(VERSIONS, String(newest), 'bin');
}

/** The server refuses to run as root: then it runs as the package's user, or as nobody, and the folder is that user's. */
function asOrdinaryUser(folder: string): string[] {
  if (process.getuid?.() !== 0) return [];
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (user === undefined) throw new Error('There is neither a user postgres nor a user nobody to run PostgreSQL as.');
  const [, , uid = '', gid = ''] = user;
  chownSync(folder, Number(uid), Number(gid));
  chmodSync(folder, 0o700);
  return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** The eighth line of the file says how far the start is. */
function isReady(data: string): boolean {
  try {
    const [first = '', , , , , , , status = ''] = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
    return status.trim() === 'ready' && isAlive(Number(first));
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}

async function until(holds: () => boolean, what: string, detail: () => string = () => ''): Promise<void> {
  const end = Date.now() + READY_TIMEOUT_MS;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited too long for ${what}: ${detail()}`);
    await new Promise((resolve) => {
      setTimeout(resolve, LOOK_AGAIN_MS);
    });
  }
}
