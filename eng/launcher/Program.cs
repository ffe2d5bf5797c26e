using Orchestrator.Launcher;

// Usage: [--data DIR] [--engine docker|process|auto] [-- SETTINGS]; ports by the variables in Run.cs.
var split = Array.IndexOf(args, "--");
var own = (split < 0 ? args : args[..split]).Chunk(2).ToList();
try
{
    var wrong = own.Find(pair => pair is not ["--data" or "--engine", _]);
    string? Value(string name) => own.Find(pair => pair[0] == name)?[1];
    var shared = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
    var data = Path.GetFullPath(Value("--data") ?? Path.Combine(shared, "orchestrator"));
    using var run = wrong is null
        ? new Run(data, Value("--engine") ?? "auto", split < 0 ? [] : args[(split + 1)..])
        : throw new LaunchException($"the launcher does not know {string.Join(' ', wrong)}; settings of the parts go behind --");
    return await run.ToTheEndAsync();
}
catch (LaunchException e)
{
    await Console.Error.WriteLineAsync($"orchestrator: {e.Message}");
    return 1;
}
