// Makes a fresh clone ready: checks Node, installs what the lock file names, builds. Quick when nothing changed.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [major, minor] = process.versions.node.split('.').map(Number);

function stop(sentence) {
  console.error(`skein: ${sentence}`);
  process.exit(1);
}

function run(command, args) {
  const done = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (done.error) stop(`cannot run ${command}: ${done.error.message}. Is it installed?`);
  if (done.status !== 0) stop(`\`${command} ${args.join(' ')}\` failed; its output is above.`);
}

function isInstalled() {
  const marker = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(marker)) return false;
  return statSync(marker).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

if (major < 20 || (major === 20 && minor < 19)) {
  stop(`Node ${process.versions.node} is too old; Skein needs Node 20.19 or newer.`);
}
if (!isInstalled()) {
  console.error('Installing packages…');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}
console.error('Building…');
run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', root]);
