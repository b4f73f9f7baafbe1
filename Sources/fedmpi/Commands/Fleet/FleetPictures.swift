import Analysis
import Devices
import FedCore

extension Picture {
    /// Who could be asked over the days, by state and by class, and how full batteries are.
    /// Three curves against hours: shares of the devices by state, with those that could be asked in bold; the same by class; the median
    /// charge with the band from a tenth to nine tenths. A device may be in several states.
    /// - Parameters:
    ///   - fleet: its classes, for their names.
    ///   - days: the samples.
    static func fleetDays(_ fleet: Fleet, _ days: FleetDays) -> Picture {
        let columns = ["could be asked", "powered", "in use", "offline", "away"]
        let hasBatteries = days.samples.contains { !$0.charge.isEmpty }
        let data =
            [
                "# hour," + columns.joined(separator: ",") + ",battery tenth,median,nine tenths,"
                    + fleet.classes.map(\.name).joined(separator: ",")
            ]
            + days.samples.map { sample in
                let shares = [sample.eligible, sample.powered, sample.inUse, sample.offline, sample.away]
                let charge: [Double?] = sample.charge.isEmpty ? [nil, nil, nil] : sample.charge.map { 100 * $0 }
                return
                    ([cell(sample.hour)] + shares.map { cell(100 * $0) } + charge.map { cell($0) }
                    + sample.byClass.map { cell(100 * $0) }).joined(separator: ",")
            }
        let states = columns.enumerated().map { i, title -> PlotScript in
            "DATA using 1:\(i + 2) with lines lw \(i == 0 ? 2.5 : 1) lc rgb \(Colour.all[i]) title \(text: title)"
        }
        let classes = fleet.classes.enumerated().map { i, device -> PlotScript in
            "DATA using 1:\(i + 10) with lines lw 1.5 lc rgb \(Colour.all[i % Colour.all.count]) title \(text: device.name)"
        }
        let battery: PlotScript =
            hasBatteries
            ? """
            DATA using 1:7:9 with filledcurves fc rgb \(Colour.all[0]) fs transparent solid 0.18 noborder title \
            "from a tenth to nine tenths", DATA using 1:8 with lines lw 1.5 lc rgb \(Colour.all[0]) title "median"
            """ : "NaN notitle"
        return Picture(
            "fleet_days",
            caption:
                "Simulated days of fleet \(fleet.name): shares of the devices by state (a device may be in several), those that could be asked by "
                + "class, and the charge of batteries.",
            data: data,
            rows: [
                panel(
                    "fleet \(fleet.name), \(NumberText.count(days.end.count, "device")), simulated: states",
                    "devices, %",
                    columns, states.joined(by: ", ")),
                panel("could be asked, by class", "devices, %", fleet.classes.map(\.name), classes.joined(by: ", ")),
            ]
                + (hasBatteries
                    ? [
                        panel(
                            "charge of batteries", "charge, %", ["from a tenth to nine tenths", "median"], battery)
                    ] : []))
    }

    /// A plot of percentages over the hours of the days.
    private static func panel(_ title: String, _ label: String, _ key: [String], _ plots: PlotScript) -> [Panel] {
        [
            Panel(
                title, height: 200, key: key,
                body: """
                    set xtics 24
                    set mxtics 4
                    set yrange [0:100]
                    set ylabel \(text: label)
                    set xlabel "hours from a Monday's midnight"
                    plot \(plots)
                    """)
        ]
    }

    /// The memory that training each model takes, beside that of each class.
    /// On a logarithmic axis, models from the smallest on: a bar that ends above a class's line has to take smaller steps there, or does
    /// not fit at all.
    /// - Parameters:
    ///   - fleet: its classes, for their memory.
    ///   - fits: what training takes.
    ///   - batch: samples of a step that it is counted for.
    static func fleetFit(_ fleet: Fleet, _ fits: [ModelFit], batch: Int) -> Picture {
        let models = fits.sorted { $0.memoryKilobytes < $1.memoryKilobytes }
        let data =
            ["# place,model,KiB," + fleet.classes.map(\.name).joined(separator: ",")]
            + models.enumerated().map { i, fit in
                ([cell(Double(i)), cell(text: fit.model), cell(Double(fit.memoryKilobytes))]
                    + fleet.classes.map { cell($0[.memory]) }).joined(separator: ",")
            }
        let lines = fleet.classes.enumerated().map { i, device -> PlotScript in
            let colour = Colour.all[(i + 1) % Colour.all.count]
            return
                "DATA using 1:($\(i + 4)/1024) with lines lw 1.5 dt \(i + 1) lc rgb \(colour) title \(text: device.name)"
        }
        return Picture(
            "fleet_fit",
            caption: "Memory that training takes (bars, at the batch that was asked for), and what each class of fleet "
                + "\(fleet.name) has for it (lines).",
            data: data,
            panel: Panel(
                "memory to train in steps of \(batch), simulated devices: above a line, smaller steps", height: 300,
                left: 88,
                bottom: 30 + 7 * min(30, models.map(\.model.count).max() ?? 0),
                key: ["training takes"] + fleet.classes.map(\.name),
                body: """
                    set logscale y
                    set ylabel "MiB"
                    set format y "%g"
                    set style fill solid 0.6
                    set boxwidth 0.6
                    set xrange [-0.6:\(Double(models.count) - 0.4)]
                    set xtics rotate by 60 right
                    plot DATA using 1:($3/1024):xtic(2) with boxes lc rgb \(Colour.all[0]) title "training takes", \(lines.joined(by: ", "))
                    """))
    }
}
