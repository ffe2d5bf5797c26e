// The page: every view starts itself, one clock drives them all.

import * as health from './health.js';
import * as live from './live.js';
import * as mining from './mining.js';
import * as queue from './queue.js';
import * as runners from './runners.js';
import * as sessions from './sessions.js';
import * as tabs from './tabs.js';
import * as tasks from './tasks.js';
import * as workbench from './workbench.js';

for (const part of [tabs, sessions, runners, workbench, tasks, queue, mining, health]) part.start();
live.run();
