import { testConformance } from './over-agent.ts';

testConformance('scripted', 'PostgreSQL');
