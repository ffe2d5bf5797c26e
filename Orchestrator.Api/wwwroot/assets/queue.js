// The queue: its depth, the dead letters, and the newest tasks.

import { $, busy, h, keep, refocus, show, text } from './dom.js';
import { call } from './api.js';
import { chart } from './chart.js';
import { age, number, plural, short } from './format.js';
import { now, onOverview, refresh } from './live.js';
import { showProblem } from './problem.js';
import { current, onTab } from './tabs.js';

const STATES = ['pending', 'running', 'complete', 'failed', 'cancelled'];
const DEAD = 20;
const NEWEST = 15;

export function start() {
  const waiting = chart('Waiting tasks', entry => entry.pending, number);
  $('depth-chart').append(waiting.element);
  onOverview(async ({ tasks }) => {
    if (current() !== 'tasks' || document.hidden) return;
    drawDepth(tasks);
    waiting.draw();
    await load();
  });
  onTab(() => current() === 'tasks' && refresh());
}

async function load() {
  try {
    const [dead, newest] = await Promise.all([call('GET', `tasks/dead?limit=${DEAD}`), call('GET', `tasks?limit=${NEWEST}&results=true`)]);
    drawDead(dead.tasks);
    drawNewest(newest.tasks);
    showProblem($('dead-problem'), null);
  } catch (problem) {
    if (!problem.away && problem.status !== 401) showProblem($('dead-problem'), problem);
  }
}

function drawDepth(counts) {
  if (!counts) {
    $('depth').replaceChildren(h('p', { class: 'empty' }, 'Not known while the queue does not answer.'));
    return;
  }
  const types = [...new Set(counts.map(one => one.type))].sort();
  const count = (type, state) => counts.find(one => one.type === type && one.state === state)?.count ?? 0;
  if (types.length === 0) {
    $('depth').replaceChildren(h('p', { class: 'empty' }, 'No tasks yet. Queue a sum above.'));
    return;
  }
  $('depth').replaceChildren(h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Tasks by type and state' },
    h('table', { class: 'matrix' },
      h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Type'), ...STATES.map(state => h('th', { scope: 'col' }, state)))),
      h('tbody', {}, ...types.map(type => h('tr', {}, h('th', { scope: 'row' }, type),
        ...STATES.map(state => h('td', { class: count(type, state) ? '' : 'none' }, number(count(type, state))))))))));
}

function drawDead(tasks) {
  text($('dead-count'), tasks.length === DEAD ? `${DEAD}+` : tasks.length || '');
  show($('dead-empty'), tasks.length === 0);
  text($('dead-empty'), 'None, as it should be.');
  keep($('dead'), tasks, task => task.task_id, task => h('li', {},
    h('div', { class: 'grow' },
      h('p', {}, h('strong', {}, task.type), ' ', h('span', { class: 'code quiet small' }, task.task_id)),
      h('p', { class: 'error' }),
      h('p', { class: 'quiet small when' })),
    h('button', {
      type: 'button', class: 'small', 'aria-label': `Retry task ${task.task_id}`, onclick: event => retry(event.target, task.task_id),
    }, 'Retry')), (item, task) => {
    text(item.querySelector('.error'), short(task.error ?? 'No cause given.', 300));
    text(item.querySelector('.when'), `after ${plural(task.attempts, 'attempt')}, ${age(now() - Date.parse(task.finished_at))} ago`);
  });
}

async function retry(button, id) {
  await busy(button, 'Retrying…', async () => {
    try {
      await call('POST', `tasks/${encodeURIComponent(id)}/retry`);
    } catch (problem) {
      // Another caller was faster: the task is no longer failed.
      if (problem.status !== 409) showProblem($('dead-problem'), problem);
    }
  });
  await load();
  refocus($('tasks'));
  refresh();
}

function drawNewest(tasks) {
  show($('task-table'), tasks.length > 0);
  show($('task-empty'), tasks.length === 0);
  text($('task-empty'), 'No tasks yet. Queue a sum above.');
  keep($('task-table').tBodies[0], tasks, task => task.task_id, task => h('tr', { role: 'row', title: task.task_id },
    h('td', { role: 'cell', 'data-label': 'State' }, h('span', { class: 'badge' })),
    h('td', { role: 'cell', 'data-label': 'Type' }, task.type),
    h('td', { role: 'cell', 'data-label': 'Handled by' }, h('span', { class: 'code by' })),
    h('td', { role: 'cell', 'data-label': 'Result' }, h('span', { class: 'code outcome' })),
    h('td', { role: 'cell', 'data-label': 'Age' }, h('span', { class: 'age' }))), (row, task) => {
    text(row.querySelector('.badge'), task.status);
    row.querySelector('.badge').dataset.kind = task.status;
    text(row.querySelector('.by'), task.handled_by ?? '–');
    text(row.querySelector('.outcome'), short(task.error ?? (task.result === undefined ? '–' : typeof task.result === 'object' ? JSON.stringify(task.result) : task.result), 48));
    text(row.querySelector('.age'), age(now() - Date.parse(task.created_at)));
  });
}
