// The processes of a runner: what they use, what they print, and their end.

import { busy, h, keep, refocus, show, text } from './dom.js';
import { call, send } from './api.js';
import { events } from './events.js';
import { age, duration, size } from './format.js';
import { now } from './live.js';
import { showProblem } from './problem.js';
import { screenOf } from './screen.js';

const INTERVAL = 2_000;
const PAUSE = 1_000;

export function make(session, panel, attach) {
  const api = `api/runner/${encodeURIComponent(session)}`;
  let clock = null;
  let following = null;

  const problem = h('div');
  const command = h('input', { id: 'process-command', type: 'text', required: true, autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', placeholder: 'python3 -m http.server 8000' });
  const begin = h('button', { type: 'submit' }, 'Start it');
  const rows = h('tbody', { role: 'rowgroup' });
  const table = h('table', { class: 'table', role: 'table', 'aria-label': 'Processes', hidden: true },
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' },
      ...['State', 'Process', 'Command', 'Processor', 'Memory', 'Age'].map(name => h('th', { role: 'columnheader', scope: 'col' }, name)),
      h('th', { role: 'columnheader', scope: 'col' }, h('span', { class: 'unseen' }, 'Actions')))), rows);
  const empty = h('p', { class: 'empty' }, 'Asking…');
  const title = h('h3', { id: 'process-output-title' });
  const state = h('p', { class: 'hint', role: 'status' });
  const output = h('pre', { class: 'screen', tabindex: '0', role: 'log', 'aria-labelledby': 'process-output-title' });
  const screen = screenOf(output);
  const printed = h('div', { class: 'part', hidden: true }, title, output, state);
  panel.append(
    h('form', { class: 'row', autocomplete: 'off', onsubmit: submit },
      h('div', { class: 'field grow' }, h('label', { for: 'process-command' }, 'Command in the background'), command), begin),
    problem, table, empty, printed);

  return { show: start, hide: stop, close: stop };

  function start() {
    if (clock) return;
    clock = setInterval(() => document.hidden || load(), INTERVAL);
    load();
  }

  function stop() {
    clearInterval(clock);
    clock = null;
    following?.abort();
    following = null;
    show(printed, false);
  }

  async function load() {
    try {
      const { processes } = await call('GET', `${api}/processes`);
      showProblem(problem, null);
      draw(processes);
    } catch (error) {
      if (error.away || error.status === 401) return;
      showProblem(problem, error);
      text(empty, 'Unknown.');
    }
  }

  function draw(processes) {
    const sorted = processes.sort((a, b) => Boolean(a.endedAt) - Boolean(b.endedAt) || Date.parse(b.startedAt) - Date.parse(a.startedAt));
    show(table, sorted.length > 0);
    show(empty, sorted.length === 0);
    text(empty, 'No processes. Start one above, or open a terminal.');
    keep(rows, sorted, process => `${process.pid} ${process.startedAt}`, makeRow, updateRow);
  }

  function makeRow({ pid, command: words, terminal }) {
    const cell = (label, ...children) => h('td', { role: 'cell', 'data-label': label }, ...children);
    const act = (kind, name, label, onclick) => h('button', { type: 'button', class: `small ${kind}`, 'aria-label': label, onclick }, name);
    return h('tr', { role: 'row' },
      cell('State', h('span', { class: 'badge' })),
      cell('Process', h('span', { class: 'code' }, String(pid))),
      cell('Command', h('span', { class: 'code command' }, words.join(' '))),
      cell('Processor', h('span', { class: 'cpu' })),
      cell('Memory', h('span', { class: 'memory' })),
      cell('Age', h('span', { class: 'age' })),
      h('td', { role: 'cell', class: 'acts' },
        terminal
          ? act('attach', 'Attach', `Attach to the terminal of process ${pid}`, () => attach(pid))
          : act('print', 'Output', `Show the output of process ${pid}`, () => follow(pid)),
        act('kill', 'Kill', `Kill process ${pid}`, event => kill(event.target, pid))));
  }

  function updateRow(row, process) {
    const badge = row.querySelector('.badge');
    const [kind, words] = stateOf(process);
    text(badge, words);
    badge.dataset.kind = kind;
    text(row.querySelector('.cpu'), duration(process.cpuSeconds * 1_000));
    text(row.querySelector('.memory'), process.endedAt ? '–' : size(process.memoryBytes));
    text(row.querySelector('.age'), process.startedAt ? age(now() - Date.parse(process.startedAt)) : '–');
    row.title = process.cwd ?? '';
    show(row.querySelector('.kill'), !process.endedAt);
  }

  function stateOf({ endedAt, exitCode, oomKilled }) {
    if (!endedAt) return ['running', 'running'];
    if (oomKilled) return ['failed', 'out of memory'];
    // The guest has no exit code of a process that a signal ended.
    if (exitCode < 0) return ['failed', 'killed'];
    return exitCode === 0 ? ['complete', 'ended'] : ['failed', `exit code ${exitCode ?? 'unknown'}`];
  }

  async function submit(event) {
    event.preventDefault();
    await busy(begin, 'Starting…', async () => {
      try {
        // Sent once: a second time would be a second process.
        const response = await send('POST', `${api}/exec`, { body: { command: ['sh', '-c', command.value], background: true }, signal: AbortSignal.timeout(30_000) });
        const { pid } = await response.json();
        command.value = '';
        follow(pid);
      } catch (error) {
        showProblem(problem, error);
        return;
      }
      await load();
    });
  }

  async function kill(button, pid) {
    await busy(button, 'Killing…', async () => {
      try {
        await call('DELETE', `${api}/processes/${pid}`);
      } catch (error) {
        // It has ended by itself.
        if (error.status !== 404) showProblem(problem, error);
      }
    });
    await load();
    refocus(command);
  }

  // A reader who was cut off goes on where it was.
  async function follow(pid) {
    following?.abort();
    const { signal } = following = new AbortController();
    let since = '0';
    screen.clear();
    text(title, `Output of process ${pid}`);
    text(state, 'Running');
    show(printed, true);
    printed.scrollIntoView({ block: 'nearest' });
    while (!signal.aborted) {
      try {
        const response = await send('GET', `${api}/processes/${pid}/output?${new URLSearchParams({ follow: true, since })}`, { accept: 'text/event-stream', signal });
        for await (const { event, data, id } of events(response.body)) {
          if (signal.aborted) return;
          if (event === 'exit') {
            tellEnd(data);
            return;
          }
          screen.print(event, data);
          since = id ?? since;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!error.away && error.status) {
          text(state, error.message);
          return;
        }
      }
      text(state, 'The connection broke; going on…');
      await new Promise(resolve => setTimeout(resolve, PAUSE));
    }
  }

  function tellEnd({ exitCode, error, oomKilled, durationMs }) {
    text(state, `${error ?? (oomKilled ? 'Out of memory' : `Ended with exit code ${exitCode}`)} after ${duration(durationMs)}`);
    load();
  }
}
