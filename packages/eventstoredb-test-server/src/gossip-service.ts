import type * as GossipPb from '@eventstore/db-client/generated/gossip_pb.js';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { Endpoint } from './faults.js';

/** States of a node, as gossip numbers them. */
const FOLLOWER = 6;
const LEADER = 8;

/** What this server says of its cluster: itself, and a leader where it is another. */
export class GossipService {
  leader: Endpoint | undefined;

  constructor(
    private readonly instance: string,
    readonly self: () => Endpoint,
  ) {}

  read(): GossipPb.ClusterInfo {
    const { leader } = this;
    const members = [member(this.instance, this.self(), leader ? FOLLOWER : LEADER)];
    if (leader) members.push(member('00000000-0000-4000-8000-000000000001', leader, LEADER));
    return new gossip.ClusterInfo().setMembersList(members);
  }
}

function member(instance: string, { host, port }: Endpoint, state: typeof FOLLOWER | typeof LEADER): GossipPb.MemberInfo {
  return new gossip.MemberInfo()
    .setInstanceId(new shared.UUID().setString(instance))
    .setTimeStamp(String(BigInt(Date.now()) * 10_000n))
    .setState(state)
    .setIsAlive(true)
    .setHttpEndPoint(new gossip.EndPoint().setAddress(host).setPort(port));
}
