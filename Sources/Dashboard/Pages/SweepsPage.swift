import Foundation
import RunStore

/// Sweeps: the runs below one folder, as one row each, with the best of them.
struct SweepsPage {
    /// The newest first.
    let sweeps: [SweepOverview]
    /// Whether whoever looks may start some.
    let mayStart: Bool

    /// Everything below the heading.
    var html: HTML {
        let start: HTML? = mayStart ? "<p><a class=\"button\" href=\"/start#sweep\">Start a sweep</a></p>" : nil
        guard !sweeps.isEmpty else {
            return """
                \(start)<p>No sweep is recorded here. <code>fedmpi sweep FILE</code> runs one, too: every combination of the values that \
                the file lists.</p>
                """
        }
        let rows = sweeps.html { sweep in
            """
            <tr><td class="wrap"><a href="/?search=\(AccessMiddleware.encoded(sweep.name + "/"))">\(sweep.name)</a></td>\
            <td class="n">\(Words.count(sweep.runs))</td><td class="n">\(Words.count(sweep.finished))</td>\
            <td class="n">\(Words.percent(sweep.best))</td><td class="wrap">\(sweep.bestRun)</td>\
            <td class="n">\(Words.bytes(sweep.bytes))</td><td class="n">\(Words.duration(sweep.seconds))</td>\
            <td><a href="/compare?sweep=\(AccessMiddleware.encoded(sweep.name))">compare</a></td></tr>
            """
        }
        let head: HTML = """
            <th>sweep</th><th class="n">runs</th><th class="n">finished</th><th class="n">best accuracy</th><th>of</th>\
            <th class="n">traffic</th><th class="n">time</th><th></th>
            """
        return "\(start)\(Layout.table("Sweeps", head: head, rows))"
    }
}
