import 'reflect-metadata';
import { readConfig } from './config.js';
import { run } from './service.js';

await run(readConfig);
