// Problems and their remedies.

import { Problem } from './api.js';
import { h } from './dom.js';

const BY_CODE = {
  API_KEY_REQUIRED: 'Enter a key; the page asks for it.',
  API_KEY_INVALID: 'Enter another key; this one is not among Security:ApiKeys.',
  HOST_NOT_ALLOWED: 'Open the page as localhost, or add this name to AllowedHosts.',
  FORWARDED_NOT_ALLOWED: 'The API is behind a proxy: set Security:ApiKeys and enter one here.',
  ORIGIN_NOT_ALLOWED: "Add this page's origin to Cors:AllowedOrigins, or set Security:ApiKeys.",
  PAGE_SECRET_REQUIRED: 'Reload this page: the API was restarted.',
  CAPACITY_EXHAUSTED: 'Release a runner, wait for one to expire, or raise MAX_CONCURRENT_RUNNERS.',
  ENGINE_UNAVAILABLE: 'Start the container engine; everything resumes once it answers. ./orchestrator doctor shows details.',
  STORE_UNAVAILABLE: 'Check the store (its disk, or Redis); everything resumes once it answers.',
  DOCKER_IMAGE_NOT_FOUND: 'Build the image with ./orchestrator images, then retry.',
  RUNNER_NOT_READY: "Look at the image: it has to answer on its ready path within Runners:Ready:TimeoutSeconds.",
  RUNNER_NOT_FOUND: 'The lease has ended. Provision a new runner.',
  SESSION_ID_INVALID: 'Choose another name for the session, or leave the field empty.',
  NOT_SUPPORTED: 'Use an image with the guest, such as the one of ./orchestrator images, and provision again.',
  NO_SPACE: "Remove files, or raise the runner's DiskMiB.",
  RUNNER_BUSY: 'End a process of this runner first.',
  QUEUE_FULL: 'Wait until some tasks are done, start more workers, or raise Tasks:MaxPending.',
  NO_ANSWER: 'Start it (./orchestrator up), or check its log. The page resumes once it answers.',
};

const BY_STATUS = {
  401: 'Enter a key; the page asks for it.',
  403: 'This call is not allowed from here; the message says why.',
  413: 'Send less at a time.',
  429: 'Wait a moment, then retry.',
  500: "Look at the server's log: it has this error with its cause.",
  503: 'Wait a moment, then retry; the Health view shows which part is down.',
  504: 'Retry; if it fails again, check the Health view.',
};

/** The problem of a file of the page that was needed later and could not be loaded: browsers give it no code. */
export const loadProblem = error => (error instanceof Problem ? error : new Problem(0, 'NO_ANSWER', 'A file of the page could not be loaded.', { away: true }));

/** The remedy for a problem. */
export function advice(problem) {
  const words = BY_CODE[problem.code] ?? BY_STATUS[problem.status] ?? '';
  return problem.retryAfter && ![401, 403].includes(problem.status) ? `${words} Retry in ${problem.retryAfter} s.`.trim() : words;
}

/** Shows a problem in its place, or removes it (null). */
export function showProblem(place, problem) {
  place.replaceChildren();
  if (!problem) return;
  const kind = problem.status ? `${problem.status} ${/^[A-Z_]+$/.test(problem.code) ? problem.code : ''}`.trim() : '';
  place.append(h('div', { class: 'notice bad', role: 'alert' },
    h('p', {}, h('strong', {}, problem.message), kind && h('span', { class: 'quiet code' }, ` ${kind}`)),
    problem.details && problem.details !== problem.message && h('p', { class: 'code' }, problem.details),
    advice(problem) && h('p', {}, advice(problem))));
}
