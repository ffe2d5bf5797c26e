// Tasks to try, each followed through its three steps: who accepted it, who was asked for it, who ran it.

import { $, busy, h, text } from './dom.js';
import { call } from './api.js';
import { duration, number, plural, short } from './format.js';
import { now, refresh } from './live.js';
import { showProblem } from './problem.js';

const STEPS = [
  ['initiated_by', 'Initiated by', 'the instance that accepted it'],
  ['checked_by', 'Checked by', 'the instance asked last'],
  ['handled_by', 'Handled by', 'the worker that ran it'],
];
const ENDS = ['complete', 'failed', 'cancelled'];

export function start() {
  on('add', (button, place) => (button.value === 'now' ? addNow(place) : watch(place, {
    type: 'add',
    input: { a: $('a').value.trim(), b: $('b').value.trim() },
    ...($('slowly').checked && { run_at: new Date(now() + 2_000).toISOString() }),
  })));
  on('fibonacci', (_, place) => watch(place, { type: 'fibonacci', input: { n: Number($('n').value) } }));
}

/** Shows a form's tasks in the place beside it. */
export function on(form, work) {
  $(form).addEventListener('submit', event => {
    event.preventDefault();
    const place = $(`${form}-watch`) ?? $('mine-watch');
    busy(event.submitter, event.submitter.textContent, () => work(event.submitter, place).catch(problem => showProblem(place, problem)));
  });
}

async function addNow(place) {
  const query = new URLSearchParams({ a: $('a').value.trim(), b: $('b').value.trim() });
  const began = performance.now();
  const { sum, handled_by: by } = await call('GET', `add?${query}`);
  place.replaceChildren(h('div', { class: 'watch' },
    h('p', { class: 'line' }, h('span', { class: 'badge', 'data-kind': 'complete' }, 'at once'),
      h('span', { class: 'quiet' }, `answered in ${duration(performance.now() - began)} by `, h('span', { class: 'code' }, by))),
    h('output', { class: 'result code' }, String(sum))));
}

/** Queues a task and shows it until it ends. */
export async function watch(place, wish) {
  const accepted = await call('POST', 'task', { ...wish, idempotency_key: makeKey() });
  const view = makeView(accepted.task_id);
  place.replaceChildren(view.element);
  view.update({ status: 'pending', initiated_by: accepted.initiated_by });
  refresh();
  follow(accepted.task_id, view).catch(problem => showProblem(place, problem));
}

// A request sent twice is one task. Not randomUUID, which exists in secure contexts only.
const makeKey = () => crypto.getRandomValues(new Uint32Array(4)).join('-');

async function follow(id, view) {
  const began = performance.now();
  for (let checks = 1; view.element.isConnected; checks++) {
    try {
      const task = await call('GET', `tasks/${encodeURIComponent(id)}/status`);
      view.update(task, checks);
      if (ENDS.includes(task.status)) {
        refresh();
        return;
      }
    } catch (problem) {
      // While the API is away the task is safe in its queue.
      if (!problem.away && problem.status !== 503) throw problem;
    }
    await new Promise(resolve => setTimeout(resolve, performance.now() - began < 10_000 ? 300 : 1_000));
  }
}

function makeView(id) {
  const badge = h('span', { class: 'badge' });
  const told = h('span', { class: 'quiet' });
  const result = h('output', { class: 'result code', hidden: true });
  const bar = h('progress', { 'aria-label': 'The task is in progress' });
  const steps = STEPS.map(([field, title, what]) => h('li', { 'data-step': field },
    h('span', { class: 'title' }, title), h('span', { class: 'who code' }, '…'), h('span', { class: 'quiet small' }, what)));
  const element = h('div', { class: 'watch' },
    h('p', { class: 'line' }, h('span', { role: 'status' }, badge), told),
    h('ol', { class: 'steps', 'aria-label': 'Steps of the task' }, ...steps), bar, result,
    h('p', { class: 'quiet small' }, 'Task ', h('span', { class: 'code' }, id)));
  return { element, update };

  function update(task, checks) {
    text(badge, task.status);
    badge.dataset.kind = task.status;
    text(told, describe(task, checks));
    for (const step of steps) {
      const who = task[step.dataset.step];
      text(step.querySelector('.who'), who ?? '…');
      step.classList.toggle('done', Boolean(who));
    }
    bar.hidden = ENDS.includes(task.status);
    if (task.status === 'complete') tellResult(result, task.result);
    if (task.error) {
      result.hidden = false;
      text(result, task.error);
    }
  }
}

function describe(task, checks) {
  if (!checks) return 'accepted';
  const attempt = task.attempts > 1 ? `, attempt ${task.attempts}` : '';
  const took = task.finished_at ? ` ${duration(Date.parse(task.finished_at) - Date.parse(task.created_at))} after submission` : '';
  return `checked ${plural(checks, 'time')}${attempt}${took ? `, ended${took}` : ''}`;
}

function tellResult(output, value) {
  const words = typeof value === 'object' ? Object.entries(value).map(([name, one]) => `${name}: ${typeof one === 'number' ? number(one) : one}`).join('\n') : String(value);
  output.hidden = false;
  output.tabIndex = 0;
  output.setAttribute('aria-label', 'Result');
  const isLong = /^-?\d{40,}$/.test(words);
  text(output, isLong ? `${short(words, 2_000)}\n${number(words.length)} digits` : words);
}
