// The processes that the page needs: a server, and the books outside.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { promisify } from 'node:util';

import * as places from './places.js';

// Compiled components are kept between runs of the tests.
const environment = { ...process.env, XDG_CACHE_HOME: path.join(places.scratch, '..', 'cache') };

/** Starts a program and waits for a line that holds an address. */
async function start(program, words, log, pattern) {
  const file = fs.openSync(log, 'a');
  const child = spawn(program, words, { env: environment, stdio: ['ignore', 'pipe', file] });
  fs.closeSync(file);
  for await (const line of readline.createInterface({ input: child.stdout })) {
    const found = pattern.exec(line);
    if (!found) continue;
    // What it says from now on is dropped, so that it can go on writing.
    child.stdout.resume();
    return { child, address: found[1], line };
  }
  throw new Error(`${program} ended before it was ready; see ${log}`);
}

async function end(child, signal = 'SIGKILL') {
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

/** A `wrt server start-dev` on a database of its own, which can crash and come back. */
export class Server {
  constructor(folder) {
    this.folder = folder;
  }

  static async start(folder) {
    fs.mkdirSync(folder, { recursive: true });
    const server = new Server(folder);
    await server.recover();
    return server;
  }

  /** Kills it, which gives it no time for anything. */
  async crash() {
    await end(this.child);
  }

  /** Starts it, after a crash on the same port and database. */
  async recover() {
    const port = this.address?.split(':')[1] ?? '0';
    const words = ['server', 'start-dev', '--port', port, '--db-filename', path.join(this.folder, 'wrt.db'), '--search-attribute', 'Color=Keyword'];
    Object.assign(this, await start(places.wrt, words, path.join(this.folder, 'server.log'), /listening on (127\.0\.0\.1:\d+), web page on/));
  }

  /** Runs the command line, and returns what it prints. */
  async command(...words) {
    const { stdout } = await promisify(execFile)(places.wrt, words, { env: { ...environment, WRT_ADDRESS: this.address } });
    return stdout;
  }

  /** Runs a line as it was copied from the page. */
  async shell(line) {
    const env = { ...environment, PATH: `${path.dirname(places.wrt)}:${process.env.PATH}` };
    const { stdout } = await promisify(execFile)('sh', ['-c', line], { env });
    return stdout;
  }
}

/** The page alone, in front of a server. */
export async function front(folder, address) {
  const words = ['ui', '--port', '0', '--address', address];
  const started = await start(places.wrt, words, path.join(folder, 'front.log'), /web page on http:\/\/(127\.0\.0\.1:\d+)/);
  return { address: started.address, close: () => end(started.child) };
}

/** What really happens with orders. */
export async function books(folder) {
  const started = await start(places.books, [], path.join(folder, 'books.log'), /listening on (127\.0\.0\.1:\d+)/);
  return { address: started.address, close: () => end(started.child) };
}
