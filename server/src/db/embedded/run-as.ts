import { execFileSync } from 'node:child_process';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { AppError } from '../../kernel/error.ts';
import { embeddedDatabaseUnusable } from './errors.ts';

/** The system user that PostgreSQL runs as, when it is not our own. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

/** True when this process is the superuser, as whom PostgreSQL refuses to run. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * Whom to run PostgreSQL as: nobody else for an ordinary user (`undefined`); for root the system user
 * `postgres`, which is created when it lacks, else `nobody`.
 */
export function chooseRunAs(): RunAs | undefined {
  if (!isRoot()) return undefined;
  const user = systemUser('postgres') ?? createUser() ?? systemUser('nobody');
  if (user) return user;
  const reason = 'PostgreSQL does not run as root, and there is no user `postgres` or `nobody`.';
  throw new AppError(embeddedDatabaseUnusable, { reason });
}

/**
 * Looks the user up in /etc/passwd: initdb wants a user that has a name, so a bare number would not do.
 * Root itself is never the answer.
 */
function systemUser(name: string): RunAs | undefined {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  const fields = lines.map((line) => line.split(':')).find(([user]) => user === name);
  const [uid, gid] = [Number(fields?.[2]), Number(fields?.[3])];
  return uid > 0 && gid > 0 ? { uid, gid } : undefined;
}

function createUser(): RunAs | undefined {
  const attempts: [string, string[]][] = [
    ['useradd', ['--system', '--user-group', '--no-create-home', 'postgres']],
    ['adduser', ['-S', '-D', '-H', 'postgres']], // Alpine and other busybox systems
  ];
  for (const [command, args] of attempts) {
    try {
      execFileSync(command, args, { stdio: 'ignore' });
    } catch {
      continue; // no such command, or /etc is read-only: the next way may do
    }
    const user = systemUser('postgres');
    if (user) return user;
  }
  return undefined;
}

/**
 * Whether that user may pass through every folder down to `path`, by the permission bits (access lists
 * are not looked at: a wrong "no" only costs a copy). The path must exist.
 */
export function isReachable(path: string, user: RunAs): boolean {
  const real = realpathSync(path);
  for (let at = real; ; at = dirname(at)) {
    const { mode, uid, gid } = statSync(at);
    const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
    if (((mode >> shift) & 0o1) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
