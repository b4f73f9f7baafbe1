// What an evaluation on the test set measures beside loss and accuracy, by what there is to learn (``LearningTask``).
extension Metric {
    /// Share of samples whose label is among the five largest scores.
    public static let top5 = Metric(
        "top5_accuracy", title: "top-5", isShare: true, decimals: 2, better: .higher, group: "accuracy")
    /// F1, 2·TP / (2·TP + FP + FN), in the mean over the labels; 0 for a label that is never set and never predicted.
    public static let f1 = Metric("f1", title: "F1", better: .higher, group: "quality")
    /// Area under the receiver operating characteristic, in the mean over the labels that have samples of both kinds:
    /// the chance that a sample with the label scores higher than one without.
    public static let auc = Metric("auc", title: "AUC", better: .higher, group: "quality")
    /// Root of the mean squared error, in the targets' unit.
    public static let rmse = Metric("rmse", title: "RMSE", better: .lower, group: "error")
    /// Mean absolute error, in the targets' unit.
    public static let mae = Metric("mae", title: "MAE", better: .lower, group: "error")
    /// Coefficient of determination, 1 − Σ(t − z)² / Σ(t − mean t)², in the mean over the outputs: 1 is perfect, 0 is
    /// as good as the mean.
    public static let r2 = Metric("r2", title: "R²", better: .higher, group: "quality")
}
