import Foundation
import RunStore

/// Registered models: versions, what aliases mean, where each version came from; and the form that moves an alias.
struct ModelsPage {
    /// All versions, by name, the newest first.
    let models: [RegisteredModel]
    /// What each alias means now.
    let aliases: [ModelAlias]
    /// Moves of aliases by the model's name, the newest first.
    let moves: [String: [AliasMove]]
    /// Who looks: the form is for whoever may move aliases.
    let caller: Caller

    /// Everything below the heading.
    var html: HTML {
        guard !models.isEmpty else {
            return """
                <p>No model is registered in this results folder. <code>fedmpi models register RUN NAME</code> does it, or the page \
                of a run that has ended.</p>
                """
        }
        return Dictionary(grouping: models, by: \.name).sorted { $0.key < $1.key }.html { name, versions in
            """
            <h2 id="\(name)">\(name)</h2>\(table(name, versions))\(promotion(name, versions))\(history(name))
            """
        }
    }

    /// The versions of a model, the newest first.
    private func table(_ name: String, _ versions: [RegisteredModel]) -> HTML {
        let rows = versions.html { model in
            let words = aliases.filter { $0.name == name && $0.version == model.version }
                .html { "<span class=\"tag\">\($0.alias)</span> " }
            let parent = model.parent.map { digest in
                models.first { $0.digest == digest }?.reference ?? String(digest.prefix(12))
            }
            let run = model.run.map { "\($0.name), round \($0.round)" }
            let epsilon = model.run?.metrics["epsilon"].map { Words.number($0) }
            return """
                <tr><td class="n">\(model.version)</td><td>\(words)</td>\
                <td>\(model.contents.architecture.count > 30 ? String(model.contents.architecture.prefix(29)) + "…" : model.contents.architecture)</td>\
                <td>\(model.contents.precision)</td><td class="n">\(Words.count(model.contents.parameters))</td>\
                <td>\(model.contents.input.map { "\($0)" }.joined(separator: "×")) → \(model.contents.outputs)</td>\
                <td class="n">\(Words.percent(model.accuracy))</td><td class="n">\(epsilon ?? "–")</td>\
                <td class="wrap">\(run ?? "–")</td><td>\(parent ?? "–")</td><td class="n">\(Words.bytes(model.bytes))</td>\
                <td title="\(model.digest)">\(model.digest.prefix(12).description)</td><td>\(Words.date(model.registeredAt))</td></tr>
                """
        }
        let head: HTML = """
            <th class="n">version</th><th>aliases</th><th>architecture</th><th>precision</th><th class="n">parameters</th><th>input → outputs</th>\
            <th class="n">accuracy</th><th class="n">ε</th><th>run</th><th>made from</th><th class="n">size</th><th>SHA-256</th><th>registered (UTC)</th>
            """
        return Layout.table("Versions of \(name)", head: head, rows)
    }

    /// The form that moves an alias; nothing for who may not.
    private func promotion(_ name: String, _ versions: [RegisteredModel]) -> HTML {
        guard caller.role >= .admin else { return .none }
        return """
            <form class="bar" method="post" action="/models/\(name)/alias"><label>Alias <input name="alias" value="champion" required \
            pattern="[A-Za-z0-9][A-Za-z0-9._\\-]{0,99}"></label><label>means version <select name="version">\
            \(versions.html { "<option>\($0.version)</option>" })</select></label>\
            <label>because <input name="note" size="30"></label><button type="submit">Move it</button></form>
            """
    }

    /// What the aliases of a model have meant, folded away.
    private func history(_ name: String) -> HTML {
        guard let moves = moves[name], !moves.isEmpty else { return .none }
        let rows = moves.prefix(20).html { move in
            """
            <tr><td>\(Words.date(move.movedAt))</td><td>\(move.alias)</td><td>\(move.version.map { "version \($0)" } ?? "removed")</td>\
            <td class="wrap">\(move.note)</td></tr>
            """
        }
        return """
            <details><summary>What aliases have meant</summary>\
            \(Layout.table("History of aliases", head: "<th>since (UTC)</th><th>alias</th><th>meant</th><th>why</th>", rows))</details>
            """
    }
}
