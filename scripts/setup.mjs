// Makes a fresh clone ready: checks Node, installs what the lock file names, builds. Quick when nothing changed.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
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

/** Whether each package that the lock file names is there in its version; optional ones depend on the machine. */
function isInstalled() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) return false;
  const packagesIn = (path) => JSON.parse(readFileSync(path, 'utf8')).packages;
  const here = packagesIn(installed);
  return Object.entries(packagesIn(join(root, 'package-lock.json'))).every(
    ([path, { version, optional }]) =>
      path === '' || here[path]?.version === version || (optional && here[path] === undefined),
  );
}

/** The compiler leaves the output of sources that were deleted or renamed; mocha would run it for ever. */
function removeStaleOutput() {
  const dist = join(root, 'dist');
  if (!existsSync(dist)) return;
  for (const name of readdirSync(dist, { recursive: true })) {
    const source = /^(.+)\.js(\.map)?$/.exec(name)?.[1];
    if (source === undefined || existsSync(join(root, `${source}.ts`))) continue;
    rmSync(join(dist, name));
  }
}

if (major < 20 || (major === 20 && minor < 19)) {
  stop(`Node ${process.versions.node} is too old; Skein needs Node 20.19 or newer.`);
}
if (!isInstalled()) {
  console.error('Installing packages…');
  // Not `npm ci`: it refuses a lock file that lacks optional packages of other platforms, and not every registry has them all.
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']);
}
removeStaleOutput();
console.error('Building…');
run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', root]);
