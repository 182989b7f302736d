// The server under test.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { promisify } from 'node:util';

import * as places from './places.js';

// Compiled components are kept between runs of the tests.
const environment = { ...process.env, XDG_CACHE_HOME: path.join(places.scratch, '..', 'cache') };

/** A `wrt server start-dev` on a database of its own, which can crash and come back. */
export class Server {
  #folder;
  #process;

  constructor(folder) {
    this.#folder = folder;
  }

  /** Starts it on a free port, with its database and its log in the folder. */
  static async start(folder) {
    fs.mkdirSync(folder, { recursive: true });
    const server = new Server(folder);
    await server.#serve('0');
    return server;
  }

  /** The file of the database. */
  get database() {
    return path.join(this.#folder, 'wrt.db');
  }

  /** Kills it, which gives it no time for anything. */
  async crash() {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }

  /** Starts it again after a crash, on the same port and database. */
  async recover() {
    await this.#serve(this.address.split(':')[1]);
  }

  /** Runs the command line, and returns what it prints. */
  async command(...words) {
    const { stdout } = await promisify(execFile)(places.wrt, words, {
      env: { ...environment, WRT_ADDRESS: this.address },
    });
    return stdout;
  }

  async #serve(port) {
    const words = ['server', 'start-dev', '--port', port, '--db-filename', this.database, '--log-level', 'debug'];
    const log = fs.openSync(path.join(this.#folder, 'server.log'), 'a');
    this.#process = spawn(places.wrt, words, { env: environment, stdio: ['ignore', 'pipe', log] });
    fs.closeSync(log);
    const lines = readline.createInterface({ input: this.#process.stdout });
    for await (const line of lines) {
      const found = /listening.*?(127\.0\.0\.1:\d+)/.exec(line);
      if (!found) continue;
      [, this.address] = found;
      // What it says from now on is dropped, so that it can go on writing.
      this.#process.stdout.resume();
      return;
    }
    throw new Error(`the server ended before it was ready; see ${this.#folder}/server.log`);
  }
}
