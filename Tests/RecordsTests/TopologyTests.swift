import FedCore
import Foundation
import Records
import Testing

@Suite struct TopologyTests {
    @Test func `A topology is one of these words, and reads what it writes`() throws {
        #expect(Topology("flat") == .flat && Topology("node") == .node)
        #expect(Topology("tree") == .tree(4) && Topology("tree:2") == .tree(2))
        for topology in [Topology.flat, .node, .tree(2), .tree(65_536)] {
            #expect(Topology(topology.description) == topology)
            let json = try JSONEncoder().encode([topology])
            #expect(try JSONDecoder().decode([Topology].self, from: json) == [topology])
        }
    }

    @Test(arguments: ["", "ring", "tree:", "tree:1", "tree:65537", "tree:two", "Node", "tree:-4"])
    func `What is none is refused in words`(text: String) {
        #expect(Topology(text) == nil)
        let error = #expect(throws: ConfigurationError.self) { try Topology.read(.text(text), nil) }
        #expect(
            error?.description.hasSuffix("it must be flat, node, tree or tree:K, groups of K ranks, from 2 to 65536")
                == true)
    }
}
