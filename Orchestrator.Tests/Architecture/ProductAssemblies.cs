using System.Reflection;
using Orchestrator.Api;
using Orchestrator.Client;
using Orchestrator.Core;
using Orchestrator.Engines;
using Orchestrator.Guest.Protocol;
using Orchestrator.ServiceDefaults;
using Orchestrator.Storage.Sqlite;
using Orchestrator.Worker;

namespace Orchestrator.Tests.Architecture;

/// <summary>The assemblies that the product consists of, and their types.</summary>
internal static class ProductAssemblies
{
    private static readonly Dictionary<string, Assembly> ByName = new Assembly[]
    {
        typeof(OrchestratorClient).Assembly, typeof(Runner).Assembly, typeof(EngineServices).Assembly, typeof(SqliteDatabase).Assembly, typeof(Frame).Assembly,
        typeof(ServiceDefaultsExtensions).Assembly, typeof(WorkerProcess).Assembly, typeof(ApiProcess).Assembly,
    }.ToDictionary(assembly => assembly.GetName().Name!);

    /// <summary>Every assembly.</summary>
    public static IReadOnlyCollection<Assembly> All => ByName.Values;

    /// <summary>The top-level types that the source declares.</summary>
    public static IReadOnlyList<Type> Types { get; } =
    [
        .. All.SelectMany(assembly => assembly.GetTypes()).Where(type => !type.IsNested && IsOurs(type.Namespace) && !type.Name.Contains('<')),
    ];

    /// <summary>The assembly of that name, such as <c>Core</c> for Orchestrator.Core.</summary>
    public static Assembly Get(string name) => ByName["Orchestrator." + name];

    /// <summary>The names of what an assembly's code refers to.</summary>
    public static IEnumerable<string> ReferencesOf(string name) => Get(name).GetReferencedAssemblies().Select(reference => reference.Name!);

    /// <summary>Whether a namespace or an assembly is of the product.</summary>
    public static bool IsOurs(string? name) => name is not null && name.StartsWith("Orchestrator", StringComparison.Ordinal);
}
