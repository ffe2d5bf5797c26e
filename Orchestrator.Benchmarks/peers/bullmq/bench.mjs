// Our three measurements, with BullMQ's defaults. Reads commands, one a line, and answers each with one
// line of JSON: {"command":"enqueue","tasks":20000} | {"command":"process","tasks":20000} | {"command":"latency","tasks":500}
import { createInterface } from 'node:readline';
import { Queue, Worker } from 'bullmq';

const connection = { host: '127.0.0.1', port: Number(process.argv[2]), maxRetriesPerRequest: null };
const input = { a: 1, b: 2 };
const producers = 64;
let round = 0;

async function fill(queue, tasks) {
  let next = 0;
  await Promise.all(Array.from({ length: producers }, async () => {
    while (next++ < tasks) await queue.add('add', input);
  }));
}

async function enqueue(queue, tasks) {
  const start = performance.now();
  await fill(queue, tasks);
  return [performance.now() - start];
}

async function work(queue, tasks) {
  await fill(queue, tasks);
  let done = 0;
  const start = performance.now();
  let worker;
  await new Promise((resolve) => {
    worker = new Worker(queue.name, async (job) => job.data.a + job.data.b, { connection, concurrency: 64 });
    worker.on('completed', () => { if (++done === tasks) resolve(); });
  });
  const time = performance.now() - start;
  await worker.close();
  return [time];
}

async function latency(queue, tasks) {
  let completed;
  const worker = new Worker(queue.name, async (job) => job.data.a + job.data.b, { connection, concurrency: 64 });
  worker.on('completed', () => completed());
  await worker.waitUntilReady();
  const times = [];
  for (let i = 0; i < tasks; i++) {
    const end = new Promise((resolve) => { completed = resolve; });
    const start = performance.now();
    await queue.add('add', input);
    await end;
    times.push(performance.now() - start);
  }
  await worker.close();
  return times;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { command, tasks } = JSON.parse(line);
  const queue = new Queue(`bench-${round++}`, { connection });
  await queue.waitUntilReady();
  const times = await { enqueue, process: work, latency }[command](queue, tasks);
  await queue.close();
  console.log(JSON.stringify(times));
}
process.exit(0);
