/**
 * What a node says of itself: the methods it has, the members of its cluster, and the log it begins with.
 * (`ServerFeatures.cs` and `Gossip.Read.cs` in EventStore/EventStore.)
 */
import gossipPb from '@eventstore/db-client/generated/gossip_pb.js';
import type { ClusterInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import featuresPb from '@eventstore/db-client/generated/serverfeatures_pb.js';
import type { SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js';
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import { EventLog, metadataEvent } from './log.fixture.js';
import type { Endpoint } from './messages.fixture.js';

export interface Member extends Endpoint {
  readonly leads: boolean;
  readonly alive: boolean;
}

/** The streams' methods and their features, in lower case as the server names them. */
export function supportedMethods(batchAppend: boolean): SupportedMethods {
  const methods = new featuresPb.SupportedMethods();
  methods.setEventStoreServerVersion('24.10.0');
  const named: Record<string, string[]> = { read: ['position', 'events'], append: [], delete: [], tombstone: [] };
  if (batchAppend) named['batchappend'] = ['deadline_duration'];
  for (const [name, features] of Object.entries(named)) {
    const method = new featuresPb.SupportedMethod();
    method.setServiceName('event_store.client.streams.streams');
    method.setMethodName(name);
    method.setFeaturesList(features);
    methods.addMethods(method);
  }
  return methods;
}

export function clusterInfo(members: readonly Member[]): ClusterInfo {
  const info = new gossipPb.ClusterInfo();
  for (const { host, port, leads, alive } of members) {
    const endpoint = new gossipPb.EndPoint();
    endpoint.setAddress(host);
    endpoint.setPort(port);
    const id = new sharedPb.UUID();
    id.setString(crypto.randomUUID());
    const member = new gossipPb.MemberInfo();
    member.setInstanceId(id);
    member.setTimeStamp(`${Date.now()}`);
    member.setState(gossipPb.MemberInfo.VNodeState[leads ? 'LEADER' : 'FOLLOWER']);
    member.setIsAlive(alive);
    member.setHttpEndPoint(endpoint);
    info.addMembers(member);
  }
  return info;
}

/** A new log holds what a new server writes by itself: statistics and their metadata. */
export function newLog(): EventLog {
  const log = new EventLog();
  log.append('$$$stats-127.0.0.1:2113', 'any', [metadataEvent('{"$maxAge":86400}', crypto.randomUUID())]);
  const statistics = { ...metadataEvent('{"proc-cpu":0.1}', crypto.randomUUID()), type: '$statsCollected' };
  log.append('$stats-127.0.0.1:2113', 'any', [statistics]);
  return log;
}
