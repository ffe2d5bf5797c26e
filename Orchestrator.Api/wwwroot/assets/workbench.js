// A session's runner to try: get it, watch its lease, release it. run.js runs code in it.

import { $, busy, refocus, show, text } from './dom.js';
import { call, key } from './api.js';
import { countdown, duration } from './format.js';
import { now, onOverview, refresh } from './live.js';
import { showProblem } from './problem.js';
import * as run from './run.js';
import { runnerOf } from './runners.js';
import * as sessions from './sessions.js';

export function start() {
  run.start();
  $('session').value = sessions.makeName();
  $('provision').addEventListener('submit', event => {
    event.preventDefault();
    busy($('get'), 'Getting a runner…', provision);
  });
  $('give').addEventListener('click', () =>
    busy($('give'), 'Releasing it…', () => giveBack(sessions.current().id)).then(() => refocus($('get'))));
  sessions.onChange(draw);
  onOverview(draw);
  setInterval(drawTime, 1_000);
  draw();
}

async function provision() {
  showProblem($('workbench-problem'), null);
  const id = $('session').value.trim();
  const began = performance.now();
  try {
    const answer = await call('POST', 'api/runner/provision', {
      ...(id && { sessionId: id }),
      ...($('offline').checked && { networkMode: 'none' }),
    }, 120_000);
    const how = `ready in ${duration(performance.now() - began)}`;
    sessions.hold({ id: answer.sessionId, endpoint: answer.endpoint, expiresAt: answer.expiresAt, how });
    $('session').value = sessions.makeName();
    $('code').focus();
  } catch (problem) {
    showProblem($('workbench-problem'), problem);
  }
  refresh();
}

/** Releases a session's runner. */
export async function giveBack(id) {
  showProblem($('workbench-problem'), null);
  try {
    await sessions.leave(id, () => call('POST', 'api/runner/deprovision', { sessionId: id }));
    sessions.drop(id);
  } catch (problem) {
    if (problem.status === 404) sessions.drop(id);
    else showProblem($('workbench-problem'), problem);
  }
  refresh();
}

function draw() {
  const owner = sessions.current();
  show($('held'), Boolean(owner));
  text($('by-hand'), byHand(owner?.id ?? 'my-session'));
  if (!owner) return;
  text($('held-session'), owner.id);
  text($('held-how'), owner.how);
  text($('held-endpoint'), owner.endpoint ?? '–');
  drawTime();
}

function drawTime() {
  const owner = sessions.current();
  if (!owner) return;
  const expiresAt = runnerOf(owner.id)?.expiresAt ?? owner.expiresAt;
  text($('held-left'), expiresAt ? `${countdown(Date.parse(expiresAt) - now())}, renewed while this tab is open` : 'no expiry');
}

// The address as this browser reaches it, through any proxy.
function byHand(id) {
  const base = new URL('.', document.baseURI).href.slice(0, -1);
  const keyed = key.get() ? " \\\n  -H 'X-Api-Key: YOUR KEY'" : '';
  return [
    `API=${base}`,
    `curl -X POST $API/api/runner/provision \\\n  -H 'X-Session-Id: ${id}'${keyed}`,
    `curl -X POST $API/api/runner/${id}/exec \\\n  -H 'Content-Type: application/json' \\\n  -d '{"command":["echo","hello"]}'${keyed}`,
    `curl -X POST $API/api/runner/deprovision \\\n  -H 'X-Session-Id: ${id}'${keyed}`,
  ].join('\n\n');
}
