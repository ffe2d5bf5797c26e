// A classic provisioning service, written for the comparison: express, dockerode, and a map in memory. A provision finds
// a free port, creates a container on it, starts it and answers; a deprovision stops the container, then removes it.
// Arguments: image, instance label, port (0: any), and the network of its runners (default: the engine's own).
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import Docker from 'dockerode';
import express from 'express';

const [image, instance, listenOn, network] = process.argv.slice(2);
const docker = new Docker();
const app = express();
const runners = new Map();

app.use(express.json());

function findFreePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

app.post('/api/runner/provision', async (req, res) => {
  const sessionId = req.get('X-Session-Id') ?? `session-${Date.now()}`;
  const existing = runners.get(sessionId);
  if (existing) {
    res.json({ message: 'Runner already provisioned.', endpoint: existing.endpoint, sessionId, token: existing.token });
    return;
  }

  try {
    const port = await findFreePort();
    const token = randomBytes(32).toString('hex');
    const container = await docker.createContainer({
      Image: image,
      Env: ['PORT=3000', `RUNNER_ID=${sessionId}`, `RUNNER_TOKEN_SHA256=${createHash('sha256').update(token).digest('hex')}`],
      Labels: { 'orchestrator.instance': instance, 'taylored-runner-session-id': sessionId },
      ExposedPorts: { '3000/tcp': {} },
      HostConfig: { NetworkMode: network, PortBindings: { '3000/tcp': [{ HostIp: '127.0.0.1', HostPort: `${port}` }] } },
    });
    await container.start();
    const endpoint = `http://localhost:${port}`;
    runners.set(sessionId, { container, endpoint, token });
    res.status(201).json({ message: 'Runner provisioned successfully.', endpoint, sessionId, token });
  } catch (error) {
    res.status(500).json({ error: `${error.message}` });
  }
});

app.post('/api/runner/deprovision', async (req, res) => {
  const sessionId = req.get('X-Session-Id') ?? '';
  const runner = runners.get(sessionId);
  if (!runner) {
    res.status(404).json({ error: 'No runner for this session.' });
    return;
  }

  runners.delete(sessionId);
  try {
    await runner.container.stop();
    await runner.container.remove();
    res.json({ message: 'Runner deprovisioned successfully.', sessionId });
  } catch (error) {
    res.status(500).json({ error: `${error.message}` });
  }
});

app.post('/healthz', (req, res) => res.json({ status: 'ok' }));

const server = app.listen(Number(listenOn), '127.0.0.1', () => {
  console.log(`The classic peer listens on http://127.0.0.1:${server.address().port}`);
});
process.on('SIGTERM', () => process.exit(0));
