using System.Globalization;

namespace Orchestrator.AppHost;

/// <summary>
/// The local parts' state: <c>DataFolder</c>, by default the folder of <c>./orchestrator up</c>. One AppHost at a time
/// holds it; <c>apphost.pid</c> in it names the process, for <c>./orchestrator down</c>.
/// </summary>
internal sealed class StateFolder : IDisposable
{
    private readonly FileStream? _claim;

    private StateFolder(string path, FileStream? claim) => (Path, _claim) = (path, claim);

    public string Path { get; }

    /// <summary>Locks the folder for this process; a publish operation needs none.</summary>
    /// <exception cref="LaunchException">It cannot be created, or another AppHost runs on it.</exception>
    public static StateFolder Claim(IDistributedApplicationBuilder builder)
    {
        var shared = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        var path = System.IO.Path.GetFullPath(builder.Configuration["DataFolder"] is { Length: > 0 } chosen ? chosen : System.IO.Path.Combine(shared, "orchestrator"));
        if (!builder.ExecutionContext.IsRunMode)
        {
            return new StateFolder(path, null);
        }

        try
        {
            Directory.CreateDirectory(path);
            var file = new FileStream(
                System.IO.Path.Combine(path, "apphost.pid"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
            file.SetLength(0);
            file.Write(System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            return new StateFolder(path, file);
        }
        catch (IOException e)
        {
            throw new LaunchException($"{path} cannot be used, or another AppHost runs on it; ./orchestrator down stops that one ({e.Message})");
        }
        catch (UnauthorizedAccessException e)
        {
            throw new LaunchException($"{path} cannot be used; choose another folder: --DataFolder=DIR ({e.Message})");
        }
    }

    /// <summary>A part's own folder in it.</summary>
    public string Of(string part) => System.IO.Path.Combine(Path, part);

    public void Dispose() => _claim?.Dispose();
}
