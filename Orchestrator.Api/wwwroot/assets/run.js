// Runs code in the session's runner, and streams its output and the runner's log.

import { $, enable, isEnabled, refocus, show, text } from './dom.js';
import { send } from './api.js';
import { events } from './events.js';
import { duration } from './format.js';
import { showProblem } from './problem.js';
import { screenOf } from './screen.js';
import * as sessions from './sessions.js';

const LONGEST = 600;

const SAMPLES = {
  python: 'import time\n\nprint("hello")\nfor n in range(1, 4):\n    time.sleep(1)\n    print(n, "second" if n == 1 else "seconds", "later")\n',
  bash: 'echo hello\nuname -sr\nfor n in 1 2 3; do sleep 1; echo "$n"; done\n',
  javascript: "console.log('hello');\nsetTimeout(() => console.log('a second later'), 1000);\n",
};

const COMMANDS = {
  python: code => ({ command: ['python3', '-u', '-c', code] }),
  bash: code => ({ command: ['bash', '-c', code] }),
  javascript: code => ({ command: ['node', '-'], stdin: code }),
};

const drafts = { ...SAMPLES };
const output = screenOf($('output'));
let running = null;
let logging = null;

const language = () => new FormData($('run')).get('language');

export function start() {
  const code = $('code');
  code.value = drafts[language()];
  $('run').addEventListener('submit', event => {
    event.preventDefault();
    runCode();
  });
  $('run').addEventListener('change', event => {
    if (event.target.name === 'language') code.value = drafts[language()];
  });
  code.addEventListener('input', () => { drafts[language()] = code.value; });
  code.addEventListener('keydown', event => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && isEnabled($('start'))) $('run').requestSubmit();
  });
  $('stop').addEventListener('click', () => running?.abort());
  $('log-box').addEventListener('toggle', followLog);
  sessions.onChange(() => {
    draw();
    followLog();
  });
  text($('output'), '');
  draw();
}

function draw() {
  const owner = sessions.current();
  show($('stop'), Boolean(running));
  enable($('start'), Boolean(owner) && !running);
  text($('run-hint'), owner ? 'Ctrl + Enter runs it' : 'Get a runner first');
}

async function runCode() {
  const owner = sessions.current();
  if (!owner || running) return;
  running = new AbortController();
  const began = performance.now();
  const clock = setInterval(() => text($('run-state'), `Running for ${duration(performance.now() - began)}`), 500);
  output.clear();
  text($('run-state'), 'Starting…');
  text($('run-said'), 'Running');
  $('run-state').dataset.kind = '';
  showProblem($('workbench-problem'), null);
  draw();
  let end;
  try {
    const response = await send('POST', `api/runner/${encodeURIComponent(owner.id)}/exec`, {
      body: { ...COMMANDS[language()]($('code').value), timeoutSeconds: LONGEST }, accept: 'text/event-stream', signal: running.signal,
    });
    for await (const { event, data } of events(response.body)) {
      if (event === 'exit') end = data;
      else output.print(event, data);
    }
  } catch (problem) {
    if (running.signal.aborted) end = { stopped: true };
    else if (problem.code) showProblem($('workbench-problem'), problem);
    else end = {};
  } finally {
    clearInterval(clock);
    running = null;
    tellEnd(end, performance.now() - began);
    draw();
    refocus($('start'));
  }
}

function tellEnd(end, took) {
  const words = !end ? 'It could not be run'
    : end.stopped ? 'Stopped'
    : end.error ? end.error
    : end.timedOut ? 'Timed out'
    : end.exitCode === undefined ? 'The connection broke, which stops the command,'
    : `Ended with exit code ${end.exitCode}`;
  const cut = end?.truncated ? ', output over 1 MiB was dropped' : '';
  text($('run-state'), `${words} after ${duration(end?.durationMs ?? took)}${cut}`);
  $('run-state').dataset.kind = end?.exitCode === 0 ? 'good' : 'bad';
  // Announced once; the running seconds are only shown.
  text($('run-said'), words);
}

async function followLog() {
  logging?.abort();
  const owner = sessions.current();
  text($('log'), '');
  if (!$('log-box').open || !owner) return;
  const mine = logging = new AbortController();
  try {
    const response = await send('GET', `api/runner/${encodeURIComponent(owner.id)}/logs?follow=true&tail=200`, { accept: 'text/plain', signal: mine.signal });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done && mine === logging; part = await reader.read()) {
      $('log').append(part.value);
      $('log').scrollTop = $('log').scrollHeight;
    }
  } catch (problem) {
    if (!mine.signal.aborted) text($('log'), problem.message);
  }
}
