import ArgumentParser
import FedCore
import Synchronization

/// The settings of one group as options of a command: one section of its `--help`.
///
/// See ``SettingsOptions`` for how ArgumentParser finds options that are not stored properties. Values stay texts here;
/// they get their types when command line and file are combined.
struct GroupOptions<Group: SettingsGroup>: ParsableArguments, CustomReflectable {
    /// The settings of the group that the command line gives.
    private(set) var given = GivenSettings()

    /// Makes a group of which nothing is given; the parser asks for one to find the options.
    init() {}

    /// Takes the group's values from the parser.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: OptionKey.self)
        for setting in Self.known.settings {
            let key = OptionKey(setting.name)
            switch setting.kind {
            case .flag:
                if try container.decode(Flag<Bool>.self, forKey: key).wrappedValue { given.set(setting.name, to: .on) }
            case .list:
                let texts = try container.decode(Option<[String]>.self, forKey: key).wrappedValue
                if !texts.isEmpty { given.set(setting.name, to: .list(texts)) }
            case .options:
                // Given again, they add to each other: the second would else hide the first.
                let texts = try container.decode(Option<[String]>.self, forKey: key).wrappedValue
                if !texts.isEmpty { given.set(setting.name, to: .text(texts.joined(separator: ","))) }
            default:
                let text = try container.decode(Option<String?>.self, forKey: key).wrappedValue
                if let text { given.set(setting.name, to: .text(text)) }
            }
        }
    }

    /// The options that the parser is shown in place of the stored properties.
    var customMirror: Mirror { Mirror(self, children: Self.known.options) }

    /// The group's settings and options, made once for the process.
    private static var known: KnownGroup {
        knownGroups.withLock { groups in
            let key = ObjectIdentifier(Group.self)
            if let known = groups[key] { return known }
            /// The declarations, in the order of `--help`.
            let settings = Group.description.settings
            let known = KnownGroup(
                settings: settings,
                options: settings.map { (label: $0.name as String?, value: option(of: $0)) })
            groups[key] = known
            return known
        }
    }

    /// The option of a setting, by its kind: a flag, a list that may be repeated, or a single value.
    private static func option(of setting: SettingDescription) -> Any {
        let name = NameSpecification.customLong(setting.name)
        let help = ArgumentHelp(SettingsText.help(of: setting))
        switch setting.kind {
        case .flag: return Flag<Bool>(wrappedValue: false, name: name, help: help)
        case .list, .options:
            return Option<[String]>(wrappedValue: [], name: name, parsing: .singleValue, help: help)
        default: return Option<String?>(name: name, help: help, completion: completion(of: setting))
        }
    }

    /// The words or files that a shell proposes for a setting; nil for none.
    private static func completion(of setting: SettingDescription) -> CompletionKind? {
        let words =
            setting.kind.choices
            + PluginList.all.filter { $0.kind == setting.catalog }.map {
                $0.name + ($0.usage.hasPrefix(":") ? ":" : "")
            }
        if !words.isEmpty { return .list(words) }
        return setting.name == "teacher" || setting.name == "results" ? .file() : nil
    }
}

/// A group's settings, and the options that ArgumentParser finds for them.
private struct KnownGroup: @unchecked Sendable {
    let settings: [SettingDescription]
    // Sendable: nobody changes them.
    let options: [Mirror.Child]
}

/// The groups seen so far, by their type. ArgumentParser asks for a command's options many times for each command line,
/// and each would read all declarations again.
private let knownGroups = Mutex<[ObjectIdentifier: KnownGroup]>([:])
