// Command lines: what is understood, and what is said about the rest.

import assert from 'node:assert/strict';
import { parseArguments } from '../../cli/arguments.ts';
import type { Command } from '../../cli/command.ts';
import { commands } from '../../cli/command-table.ts';
import { CommandFailure } from '../../cli/failure.ts';
import { parseListen, parseTaint } from '../../cli/host-flags.ts';
import { parseChanges } from '../../cli/commands/label.ts';
import { parseSeconds } from '../../cli/durations.ts';
import { exitCodeOf } from '../../cli/exec-socket.ts';
import { parseReady } from '../../cli/flight/child-peer.ts';
import { runAs } from './api-server.ts';

const command = (name: string): Command => commands.find((one) => one.name === name)!;
const parse = (name: string, ...words: readonly string[]) => parseArguments(command(name), words);

const wrong = (run: () => unknown, words: RegExp): void => {
  assert.throws(run, (error) => {
    assert.ok(error instanceof CommandFailure);
    assert.equal(error.exitCode, 2);
    assert.match(error.message, words);
    return true;
  });
};

describe('a command line', () => {
  it('takes short and long flags, values with and without =, and -- before a command', () => {
    const get = parse('get', 'pods', '-n', 'web', '-o=wide', '--selector=app=x', '-w');
    assert.deepEqual(get.positionals, ['pods']);
    assert.equal(get.text('namespace'), 'web');
    assert.equal(get.text('output'), 'wide');
    assert.equal(get.text('selector'), 'app=x');
    assert.equal(get.isSet('watch'), true);
    const exec = parse('exec', '-it', 'web', '-c', 'main', '--', 'sh', '-c', 'echo --peer');
    assert.deepEqual(exec.positionals, ['web']);
    assert.deepEqual(exec.rest, ['sh', '-c', 'echo --peer']);
    assert.equal(exec.text('container'), 'main');
    assert.deepEqual([exec.isSet('stdin'), exec.isSet('tty')], [true, true]);
  });

  it('takes kubectl’s --switch=false', () => {
    assert.equal(parse('delete', 'pod', 'x', '--wait=false').isSet('wait'), false);
    assert.equal(parse('delete', 'pod', 'x', '--wait').isSet('wait'), true);
    assert.equal(parse('delete', 'pod', 'x').isSet('wait'), undefined);
  });

  it('leaves what stands after -- alone', () => {
    const { rest, isSet } = parse('exec', 'web', '--', 'x', '--stdin=false', '-o=json');
    assert.deepEqual(rest, ['x', '--stdin=false', '-o=json']);
    assert.equal(isSet('stdin'), undefined);
  });

  it('keeps repeated flags and refuses to repeat others', () => {
    assert.deepEqual(parse('up', '--label', 'a=1', '--label=b=2').texts('label'), ['a=1', 'b=2']);
    wrong(() => parse('up', '--name=a', '--name=b'), /--name was given 2 times: a, b/);
  });

  it('says which flag is unknown, lacks a value or takes none', () => {
    wrong(() => parse('get', 'pods', '--colour'), /`skein get` has no flag --colour/);
    wrong(() => parse('get', 'pods', '-o'), /--output of `skein get` needs a value/);
    wrong(() => parse('get', 'pods', '--watch=2'), /--watch of `skein get` takes no value/);
    wrong(() => parse('logs', 'x', '--tail', '-1'), /--tail=VALUE if it begins with a dash/);
    wrong(
      () => parse('logs', 'x', '--tail=two').count('tail'),
      /--tail must be a whole number, not "two"/,
    );
  });

  it('has help for every command that names each of its flags', async () => {
    for (const { name, flags, summary } of commands) {
      const { code, out } = await runAs({}, [...name.split(' '), '--help']);
      assert.equal(code, 0);
      assert.ok(out.startsWith(summary));
      for (const [flag, { hidden }] of Object.entries(flags)) {
        assert.equal(out.includes(`--${flag}`), hidden !== true, `${name} --${flag}`);
      }
      assert.ok(
        out.split('\n').every((line) => line.length <= 110),
        `a long line in ${name}`,
      );
    }
  });

  it('lists every command in the help of the program', async () => {
    const { code, out } = await runAs({}, ['--help']);
    assert.equal(code, 0);
    for (const { name } of commands) assert.match(out, new RegExp(`^  ${name} `, 'm'));
  });

  it('ends with 2 and a hint for what it does not know', async () => {
    const unknown = await runAs({}, ['gte', 'pods']);
    assert.deepEqual([unknown.code, unknown.out], [2, '']);
    assert.match(unknown.err, /There is no command "gte"[\s\S]*skein --help/);
    const half = await runAs({}, ['rollout']);
    assert.equal(half.code, 2);
    assert.match(half.err, /`skein rollout status`/);
    assert.equal((await runAs({}, [])).code, 2);
  });

  it('prints its version', async () => {
    const { code, out } = await runAs({}, ['--version']);
    assert.equal(code, 0);
    assert.match(out, /^skein \d+\.\d+\.\d+\n$/);
  });
});

describe('the flags of a peer', () => {
  it('understand addresses to listen on', () => {
    assert.deepEqual(parseListen('api-listen', '127.0.0.1:80', 6443), {
      host: '127.0.0.1',
      port: 80,
    });
    assert.deepEqual(parseListen('api-listen', ':80', 6443), { host: '0.0.0.0', port: 80 });
    assert.deepEqual(parseListen('api-listen', '8443', 6443), { host: '0.0.0.0', port: 8443 });
    assert.deepEqual(parseListen('api-listen', 'host.lan', 6443), { host: 'host.lan', port: 6443 });
    assert.deepEqual(parseListen('api-listen', '[::1]:80', 6443), { host: '::1', port: 80 });
    for (const text of ['', 'a b', 'http://x', 'x:y', '1.2.3.4:70000', '99999']) {
      wrong(() => parseListen('api-listen', text, 6443), /--api-listen .* is not HOST:PORT/);
    }
  });

  it('understand taints', () => {
    assert.deepEqual(parseTaint('a=b:NoSchedule'), { key: 'a', value: 'b', effect: 'NoSchedule' });
    assert.deepEqual(parseTaint('a:NoExecute'), { key: 'a', effect: 'NoExecute' });
    for (const text of ['a', 'a=b', 'a:Never', ':NoSchedule']) {
      wrong(() => parseTaint(text), /is not KEY=VALUE:EFFECT/);
    }
  });

  it('are refused before a peer is started', async () => {
    const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
      [['up', '--name', 'Not_A_Name'], 2, /--name "Not_A_Name" must have/],
      [['up', '--label', 'rack'], 2, /--label "rack" is not KEY=VALUE/],
      [['up', '--driver', 'cri'], 1, /cri is not built yet/],
      [['up', '--driver', 'docker'], 2, /--driver "docker" is not one of process, cri/],
      [['up', '--price', 'much'], 2, /--price "much" is not an amount/],
      [['up', 'here'], 2, /takes no argument "here"/],
      [['up', '--token', 'x'], 2, /say whom with --join/],
      [['join', '192.0.2.1'], 2, /Joining 192\.0\.2\.1 needs a token/],
      [['join', '192.0.2.1', '--token', '-'], 1, /Standard input holds no token/],
      [
        ['join', '192.0.2.1', '--token-file', '/nowhere/t'],
        1,
        /Cannot read the token from \/nowhere\/t/,
      ],
      [['join', '192.0.2.1', '--token', 'x', '--token-file', 'y'], 2, /not both/],
      [['join'], 2, /Give the address of one member/],
      [['up', '--log-level', 'loud'], 2, /--log-level loud is not one of/],
      [['up', '--network', 'moon'], 2, /--network "moon" is not one of lan, wan/],
    ];
    for (const [line, code, words] of cases) {
      const ran = await runAs({}, line);
      assert.match(ran.err, words);
      assert.equal(ran.code, code, ran.err);
      assert.equal(ran.out, '');
    }
  });
});

describe('small texts', () => {
  it('times are read in seconds', () => {
    assert.deepEqual(['90s', '15m', '24h', '7d', '1h30m', '5', 'm', '-1s'].map(parseSeconds), [
      90,
      900,
      86_400,
      604_800,
      5_400,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('changes of labels come after the objects', () => {
    assert.deepEqual(parseChanges(['node', 'peer-1', 'a=b', 'c=', 'd-'], 'label'), {
      words: ['node', 'peer-1'],
      changes: { a: 'b', c: '', d: null },
    });
    wrong(() => parseChanges(['node', 'peer-1'], 'label'), /KEY=VALUE sets, KEY- removes/);
    wrong(() => parseChanges(['node', 'a=b', 'peer-1'], 'label'), /objects come first/);
    wrong(() => parseChanges(['node', 'x', 'a=b', 'a-'], 'label'), /a is changed twice/);
  });

  it('the end of a command in a container is its exit code', () => {
    const ended = { status: 'Failure', reason: 'NonZeroExitCode' };
    const causes = [{ reason: 'ExitCode', message: '7' }];
    assert.equal(exitCodeOf(JSON.stringify({ status: 'Success' })), 0);
    assert.equal(exitCodeOf(JSON.stringify({ ...ended, details: { causes } })), 7);
    assert.throws(
      () => exitCodeOf('{"status":"Failure","message":"no such file"}'),
      /no such file/,
    );
  });

  it('the line of a ready peer is parsed, with blanks in its path', () => {
    assert.deepEqual(parseReady('ready name=a mesh=h:1 api=https://h:2 kubeconfig=/my files/k'), {
      name: 'a',
      mesh: 'h:1',
      api: 'https://h:2',
      kubeconfig: '/my files/k',
    });
    assert.equal(parseReady('not ready'), undefined);
  });
});
