import FedCore

extension UpdateCodecs {
    /// How stages go together and what each does, with its paper: lines of at most 79 characters for a terminal. Stages
    /// stand in the order in which a pipeline has them, each with its arguments, and behind them what ladders and error
    /// feedback do.
    public var explanation: String {
        var lines = [
            "  --compress 'STAGE | STAGE | …': up to one stage of each kind, in this",
            "  order. A stage is a name and arguments: the first by their places, all by",
            "  name=value. 'f16' and 'deflate' alone stand for whole updates.",
        ]
        func add(_ title: String, _ stages: [any CodecStage.Type]) {
            lines += ["", title]
            for stage in stages {
                lines.append("  \(stage.name)\(stage.usage)")
                lines += Self.wrapped(stage.summary, indent: 6)
                if !stage.paper.isEmpty { lines += Self.wrapped("(\(stage.paper))", indent: 6) }
            }
        }
        add("WHAT STANDS FOR THE NUMBERS; the stages behind write what crosses instead:", projecting.all)
        add("WHICH NUMBERS CROSS; the others arrive as zeros:", choosing.all)
        lines += Self.wrapped(
            "Places cross as gaps in a Golomb-Rice code with the best parameter (Sattler et al., 2020); those of randk "
                + "are drawn on both sides and do not cross.", indent: 2)
        lines += Self.wrapped(
            "With warmup=4 at least 25 %, 6.25 %, 1.5625 % and 0.390625 % cross in the first four rounds (Lin et al., Deep "
                + "Gradient Compression, ICLR 2018, section 3.3). Of that paper, what did not cross is kept by error feedback, "
                + "momentum correction and factor masking are --error-feedback-momentum, and clipping is --clip-gradients.",
            indent: 2)
        add("HOW THEY ARE WRITTEN; without, as they are:", values.all)
        add("HOW THE SYMBOLS ARE PACKED, without loss; without, in as many bits as they need:", entropy.all)
        lines += ["", "ONE AFTER THE OTHER: --compress 'topk 1% | ternary; eden 1; int8', coarse ones first,"]
        lines += Self.wrapped(
            "or auto, which is '\(CodecLadder.standard)'. The next one begins when the test loss has not fallen by 1 % in two "
                + "evaluations (after Wang and Joshi, Adaptive Communication Strategies, MLSys 2019); the round log's "
                + "codec_level says which is in use. Measured times decide nothing, so that a run has the same digest "
                + "wherever it runs.", indent: 2)
        lines.append("")
        lines += Self.wrapped(
            "Clients add what a biased codec took away to their next update (--error-feedback; Seide et al., 1-Bit "
                + "Stochastic Gradient Descent, Interspeech 2014; Karimireddy et al., ICML 2019); --error-feedback-keep is the share of "
                + "it that stays each time a client is asked.", indent: 2)
        return lines.joined(separator: "\n")
    }

    /// Breaks a text into lines of at most 79 characters at its spaces; a longer word is a line of its own.
    /// - Parameters:
    ///   - text: words with single spaces between them.
    ///   - indent: spaces that each line begins with.
    /// - Returns: at least one line.
    private static func wrapped(_ text: String, indent: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, indent + line.count + 1 + word.count > 79 {
                lines.append(String(repeating: " ", count: indent) + line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return lines + [String(repeating: " ", count: indent) + line]
    }
}
