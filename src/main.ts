import 'reflect-metadata';
import { readConfig } from './config.js';
import { run } from './web/service.js';

await run(readConfig);
