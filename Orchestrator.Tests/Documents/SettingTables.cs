using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Orchestrator.Core.Templates;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.ServiceDefaults.Security;
using Orchestrator.Tests.Architecture;

namespace Orchestrator.Tests.Documents;

/// <summary>
/// Writes the tables of a page between <c>&lt;!-- settings: NAME… --&gt;</c> and <c>&lt;!-- end --&gt;</c> from the options of
/// these names: the key, its variable, the default, and the XML documentation with the range. Where a property's initial
/// value is not its default, a <c>value</c> element says what is.
/// </summary>
internal static partial class SettingTables
{
    private const string Header = "| Key | Default | Meaning |\n|---|---|---|\n";

    // Read from outside its section.
    private static readonly Dictionary<string, string> OtherKeys = new()
    {
        [$"{SecurityOptions.Section}:{nameof(SecurityOptions.AllowedHosts)}"] = nameof(SecurityOptions.AllowedHosts),
    };

    private static readonly Dictionary<string, XElement> Comments = ProductAssemblies.All
        .SelectMany(assembly => XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml")).Descendants("member"))
        .GroupBy(member => member.Attribute("name")!.Value)
        .ToDictionary(group => group.Key, group => group.First());

    /// <summary>The options whose tables a page needs: those bound to the configuration, and what several of them share.</summary>
    public static IEnumerable<Type> Options { get; } =
    [
        .. ProductAssemblies.Types.Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal) && SectionOf(type) is not null
            && type != typeof(TemplatesOptions)),
        typeof(TemplateOptions),
        typeof(NamedTemplateOptions),
    ];

    /// <summary>The page with its tables as they should be.</summary>
    public static string Render(string page) => Block().Replace(page, block =>
        $"{block.Groups["begin"].Value}\n{Header}{string.Concat(NamesIn(block).SelectMany(RowsOf))}{block.Groups["end"].Value}");

    /// <summary>The options whose tables the page has.</summary>
    public static IEnumerable<string> NamesIn(string page) => Block().Matches(page).SelectMany(NamesIn);

    private static string[] NamesIn(Match block) => block.Groups["names"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<string> RowsOf(string name)
    {
        var type = ProductAssemblies.Types.Single(type => type.Name == name);
        if (type == typeof(NamedTemplateOptions))
        {
            return RowsOf(type, new NamedTemplateOptions(), $"{TemplatesOptions.Section}:NAME");
        }

        // What templates have in common is shown as that of session runners.
        var whole = type == typeof(TemplateOptions) ? typeof(RunnersOptions) : type;
        return RowsOf(type, Activator.CreateInstance(whole)!, SectionOf(whole)!);
    }

    private static IEnumerable<string> RowsOf(Type type, object options, string section) => type
        .GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
        .SelectMany(property => RowsOf(property, property.GetValue(options), SettingNames.KeyOf(section, property)));

    private static IEnumerable<string> RowsOf(PropertyInfo property, object? value, string key)
    {
        if (value is Dictionary<string, string>)
        {
            return [RowOf(property, $"{key}:NAME", null)];
        }

        return property.PropertyType is { IsClass: true } nested && ProductAssemblies.IsOurs(nested.Namespace)
            ? RowsOf(nested, value!, key)
            : [RowOf(property, OtherKeys.GetValueOrDefault(key, key), value)];
    }

    private static string RowOf(PropertyInfo property, string key, object? value)
    {
        var comment = Comments[$"P:{property.DeclaringType!.FullName}.{property.Name}"];
        var keys = SettingNames.VariableOf(key) is { } variable ? $"`{key}`, `{variable}`" : $"`{key}`";
        var start = comment.Element("value") is { } told ? TextOf(told) : DefaultOf(value);
        return $"| {keys} | {start} | {TextOf(comment.Element("summary")!)}{RangeOf(property)} |\n";
    }

    private static string DefaultOf(object? value) => value switch
    {
        null or "" or IReadOnlyList<string> { Count: 0 } => "none",
        bool flag => flag ? "`true`" : "`false`",
        int or long or double => Convert.ToDecimal(value, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture),
        _ => $"`{value}`",
    };

    // Where a property has words of its own for its range, its documentation has them, too.
    private static string RangeOf(PropertyInfo property) =>
        property.GetCustomAttribute<RangeAttribute>() is { ErrorMessage: null } range
            ? FormattableString.Invariant($". {range.Minimum} to {range.Maximum}")
            : "";

    // As a table's cell has it: in one line, without the last full stop.
    private static string TextOf(XElement element) =>
        Blanks().Replace(string.Concat(element.Nodes().Select(TextOf)), " ").Trim().TrimEnd('.').Replace("|", "\\|", StringComparison.Ordinal);

    private static string TextOf(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement { Name.LocalName: "see" } see => $"`{see.Attribute("cref")!.Value.Split('.')[^1]}`",
        _ => throw new NotSupportedException($"{node} is not written into tables."),
    };

    private static string? SectionOf(Type type) => type.GetField("Section")?.GetRawConstantValue() as string;

    [GeneratedRegex(@"(?<begin><!-- settings:(?<names>[^>]*)-->)\n.*?(?<end><!-- end -->)", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
